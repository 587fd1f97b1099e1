import { randomUUID } from 'node:crypto';
import type { ChannelModel } from 'amqplib';
import { DISCORD_EPOCH_MS, EVENTS_EXCHANGE, derivedEventId, QUEUES } from '#libs/contracts';

/**
 * Half of the events are messages, identified by a snowflake, and half are commands with `event_id` and `occurred_at`.
 */
export interface MadeUpEvent {
  name: 'message.sent' | 'command.used';
  /** The body that a bot publishes. */
  body: string;
  /** The stored row. */
  row: {
    guildId: string;
    kind: number;
    occurredAt: string;
    eventId: string;
    userId: string;
    channelId?: string;
    messageId?: string;
    label?: string;
  };
}

export type Shape = 'singles' | 'arrays';

/** The number of elements in an array. */
export const ARRAY_LENGTH = 1_000;
const FIRST_GUILD = 1_000_000_000_000_000_001n;
const CONFIRM_EVERY = 2_000;

export function guildIds(guilds: number): string[] {
  return Array.from({ length: guilds }, (_, index) => String(FIRST_GUILD + BigInt(index)));
}

/** Creates unique events of the guilds in turn, one per millisecond up to now. */
export function makeEvents(count: number, guilds: number): MadeUpEvent[] {
  const ids = guildIds(guilds);
  const start = Date.now() - count;
  return Array.from({ length: count }, (_, index) => {
    const guildId = ids[index % guilds]!;
    const userId = String(155_149_108_183_695_360n + BigInt(index % 5_000));
    // All events of an array have the same kind.
    return Math.floor(index / ARRAY_LENGTH) % 2 === 0
      ? aMessage(guildId, userId, start + index)
      : aCommand(guildId, userId, start + index, index);
  });
}

function aMessage(guildId: string, userId: string, time: number): MadeUpEvent {
  const messageId = String((BigInt(time - DISCORD_EPOCH_MS) << 22n) | BigInt(Math.floor(Math.random() * 0x3fffff)));
  const channelId = '381870553235193857';
  const occurredAt = new Date(time).toISOString();
  return {
    name: 'message.sent',
    body: `{"guild_id":"${guildId}","channel_id":"${channelId}","message_id":"${messageId}","user_id":"${userId}","member_is_bot":false}`,
    row: { guildId, kind: 2, occurredAt, eventId: derivedEventId(messageId), userId, channelId, messageId },
  };
}

function aCommand(guildId: string, userId: string, time: number, index: number): MadeUpEvent {
  const eventId = randomUUID();
  const occurredAt = new Date(time).toISOString();
  const label = `command-${index % 40}`;
  return {
    name: 'command.used',
    body: `{"guild_id":"${guildId}","command":"${label}","user_id":"${userId}","event_id":"${eventId}","occurred_at":"${occurredAt}"}`,
    row: { guildId, kind: 1, occurredAt, eventId, userId, label },
  };
}

/** Publishes with confirms. @param wrap converts an event to a body */
export async function publish(
  broker: ChannelModel,
  events: readonly MadeUpEvent[],
  shape: Shape,
  wrap = (event: MadeUpEvent) => event.body,
): Promise<void> {
  const channel = await broker.createConfirmChannel();
  // A consumer that was stopped may have left messages that it did not acknowledge in time.
  await channel.purgeQueue(QUEUES.statistics);
  const size = shape === 'singles' ? 1 : ARRAY_LENGTH;
  for (let at = 0; at < events.length; at += size) {
    const body =
      size === 1
        ? wrap(events[at]!)
        : `[${events
            .slice(at, at + size)
            .map(wrap)
            .join(',')}]`;
    channel.publish(EVENTS_EXCHANGE, events[at]!.name, Buffer.from(body), { persistent: true });
    if (at % CONFIRM_EVERY === 0) await channel.waitForConfirms();
  }
  await channel.waitForConfirms();
  await channel.close();
}
