import type { EventEnvelope, EventIdentity, Read } from '#libs/contracts';
import type { JsonValue } from '#libs/json';

/** What intake needs of an event. */
export interface IntakeEvent {
  /** A number is in Unix milliseconds. */
  occurredAt: number | Date;
}

/** How the events of one name are read. Consumers declare the types that they store with `@OnEvents`. */
export interface EventType<E extends IntakeEvent = IntakeEvent, F = unknown> {
  readonly name: string;
  /** The queue of these events. They are rejected in any other queue. */
  readonly queue: string;
  /** Checks the body of an event. */
  read(body: JsonValue | undefined): Read<F>;
  identify(fields: F, envelope: EventEnvelope): EventIdentity;
  /** @param ownTexts whether to copy the texts; otherwise they are views that keep the whole body in memory */
  toEvent(fields: F, identity: EventIdentity, ownTexts: boolean): E;
  /** For log lines. */
  guildOf(event: E): string | undefined;
  /** The event's approximate memory above one kilobyte, in bytes. @defaultValue 0 */
  extraBytes?(event: E): number;
}

/**
 * A copy of the text. A substring is a view of its original and keeps the whole original in memory. Lone surrogates
 * become U+FFFD.
 */
export function ownText(text: string): string {
  return Buffer.from(text).toString();
}
