import type { EventEnvelope, EventIdentity, Read } from '#libs/contracts';
import type { JsonValue } from '#libs/json';

/** All that intake asks of an event. */
export interface IntakeEvent {
  /** As Unix milliseconds, where it is a number. */
  occurredAt: number | Date;
}

/** How the events of one name are read. Consumers declare the types that they store with `@OnEvents`. */
export interface EventType<E extends IntakeEvent = IntakeEvent, F = unknown> {
  readonly name: string;
  /** The only queue in which such events are taken. */
  readonly queue: string;
  /** Checks the body of an event. */
  read(body: JsonValue | undefined): Read<F>;
  identify(fields: F, envelope: EventEnvelope): EventIdentity;
  /** @param ownTexts whether the event must copy its texts: else they are views of the message's body, and keep it alive */
  toEvent(fields: F, identity: EventIdentity, ownTexts: boolean): E;
  /** For log lines. */
  guildOf(event: E): string | undefined;
  /** What the event takes in memory beyond a kilobyte, roughly, in bytes. @defaultValue 0 */
  extraBytes?(event: E): number;
}

/**
 * The same text in memory of its own. A part of another text is kept as a view of it, and keeps the whole of it alive.
 * Lone surrogates become U+FFFD.
 */
export function ownText(text: string): string {
  return Buffer.from(text).toString();
}
