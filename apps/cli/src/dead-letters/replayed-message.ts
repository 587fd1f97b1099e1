import { randomUUID } from 'node:crypto';
import type { ConsumeMessage, Options } from 'amqplib';
import { DEAD_LETTER_HEADERS, messageTime } from '#libs/contracts';
import { replayCount } from './read-dead-letter.js';

/** RabbitMQ adds these to what it delivers or moves here. */
const HEADERS_OF_BROKER = /^x-(?:death|(?:first|last)-death-.*|delivery-count|acquired-count)$/;
const HEADERS_OF_DEAD_LETTER: ReadonlySet<string> = new Set(Object.values(DEAD_LETTER_HEADERS));

/** Properties of the message that is published again: its own, and how often it was published again. */
export function replayedProperties(letter: ConsumeMessage): Options.Publish {
  const headers = Object.entries(letter.properties.headers ?? {}).filter(
    ([name]) => !HEADERS_OF_BROKER.test(name) && !HEADERS_OF_DEAD_LETTER.has(name),
  );
  return {
    ...publishable(letter),
    headers: Object.fromEntries([...headers, [DEAD_LETTER_HEADERS.replayCount, replayCount(letter) + 1]]),
  };
}

/**
 * Whether the message says of each event without an id or a time of its own which event it is. Else it would be another
 * event each time that it is published.
 */
export function hasIdentity({ properties }: ConsumeMessage): boolean {
  const { messageId, timestamp } = properties as { messageId?: unknown; timestamp?: number };
  return typeof messageId === 'string' && messageId !== '' && messageTime({ timestamp, arrivedAt: 0 }) !== undefined;
}

/** Its own properties, completed by a message id and a time. */
export function identifiedProperties(letter: ConsumeMessage): Options.Publish & { messageId: string } {
  const { messageId, timestamp } = letter.properties as { messageId?: string; timestamp?: number };
  const hasTime = messageTime({ timestamp, arrivedAt: 0 }) !== undefined;
  return { ...publishable(letter), messageId: messageId || randomUUID(), timestamp: hasTime ? timestamp : Date.now() };
}

/** RabbitMQ refuses a `user_id` that is not the publisher's. */
function publishable({ properties }: ConsumeMessage): Options.Publish {
  return { ...(properties as Options.Publish), userId: undefined };
}
