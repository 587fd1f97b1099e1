import type { Channel, ChannelModel, Replies } from 'amqplib';
import { onSeparateChannel } from '#libs/broker';
import { DEAD_LETTER_QUEUE_ARGUMENTS, DEAD_LETTERS } from '#libs/contracts';
import { withDeadline } from '#libs/timing';

const ACCESS_REFUSED = 403;
const NOT_FOUND = 404;
const PRECONDITION_FAILED = 406;
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Counts the dead letters, and checks that reading them is safe: with a small delivery limit, the broker would drop
 * messages that were read too often.
 *
 * @throws Error if the queue is missing or has different arguments than the services declare
 */
export async function checkDeadLetterQueue(connection: ChannelModel): Promise<Replies.AssertQueue> {
  const found = await ask(connection, (channel) => channel.checkQueue(DEAD_LETTERS)).catch((error: Error) => {
    if (codeOf(error) !== NOT_FOUND) throw error;
    throw new Error(`there is no queue ${DEAD_LETTERS} in this virtual host: the services make it when they start`, {
      cause: error,
    });
  });
  const expected = { durable: true, arguments: DEAD_LETTER_QUEUE_ARGUMENTS };
  await ask(connection, (channel) => channel.assertQueue(DEAD_LETTERS, expected)).catch((error: Error) => {
    // Without permission to configure the queue, its arguments are unknown.
    if (codeOf(error) === ACCESS_REFUSED) return;
    if (codeOf(error) !== PRECONDITION_FAILED) throw error;
    const reason = 'it has other arguments than the services give it, and RabbitMQ may drop what is looked at';
    throw new Error(`${DEAD_LETTERS} was left alone: ${reason}. ${error.message}`, { cause: error });
  });
  return found;
}

function ask<T>(connection: ChannelModel, question: (channel: Channel) => Promise<T>): Promise<T> {
  const answer = onSeparateChannel(connection, question);
  return withDeadline({ what: `asking for ${DEAD_LETTERS}`, ms: ANSWER_TIMEOUT_MS }, answer);
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}
