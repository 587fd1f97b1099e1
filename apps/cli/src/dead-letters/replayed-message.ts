import { randomUUID } from 'node:crypto';
import type { ConsumeMessage, Options } from 'amqplib';
import { DEAD_LETTER_HEADERS, messageTime } from '#libs/contracts';
import { replayCount } from './read-dead-letter.js';

/** Headers that RabbitMQ adds when it delivers or dead-letters a message. */
const HEADERS_OF_BROKER = /^x-(?:death|(?:first|last)-death-.*|delivery-count|acquired-count)$/;
const HEADERS_OF_DEAD_LETTER: ReadonlySet<string> = new Set(Object.values(DEAD_LETTER_HEADERS));

/** The properties of the replayed message: the original ones, and the number of replays. */
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
 * Whether message id and timestamp identify events that have no id or time. Without them, each replay would store a
 * different event.
 */
export function hasIdentity({ properties }: ConsumeMessage): boolean {
  const { messageId, timestamp } = properties as { messageId?: unknown; timestamp?: number };
  return typeof messageId === 'string' && messageId !== '' && messageTime({ timestamp, arrivedAt: 0 }) !== undefined;
}

/** The original properties, with a message id and a time if they are missing. */
export function identifiedProperties(letter: ConsumeMessage): Options.Publish & { messageId: string } {
  const { messageId, timestamp } = letter.properties as { messageId?: string; timestamp?: number };
  const hasTime = messageTime({ timestamp, arrivedAt: 0 }) !== undefined;
  return { ...publishable(letter), messageId: messageId || randomUUID(), timestamp: hasTime ? timestamp : Date.now() };
}

/** RabbitMQ refuses a `user_id` that is not that of the connection. */
function publishable({ properties }: ConsumeMessage): Options.Publish {
  return { ...(properties as Options.Publish), userId: undefined };
}
