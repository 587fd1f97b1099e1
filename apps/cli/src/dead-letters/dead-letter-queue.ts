import type { Channel, ChannelModel, Replies } from 'amqplib';
import { DEAD_LETTER_QUEUE_ARGUMENTS, DEAD_LETTERS } from '#libs/contracts';
import { withDeadline } from '#libs/timing';

const ACCESS_REFUSED = 403;
const NOT_FOUND = 404;
const PRECONDITION_FAILED = 406;
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Finds out how many dead letters there are, and whether it is safe to look at them: with a small delivery limit, the
 * broker would drop those that were looked at too often.
 *
 * @throws Error when the queue is missing or has other arguments than the services give it
 */
export async function checkDeadLetterQueue(connection: ChannelModel): Promise<Replies.AssertQueue> {
  const found = await onChannel(connection, (channel) => channel.checkQueue(DEAD_LETTERS)).catch((error: Error) => {
    if (codeOf(error) !== NOT_FOUND) throw error;
    throw new Error(`there is no queue ${DEAD_LETTERS} in this virtual host: the services make it when they start`, {
      cause: error,
    });
  });
  const expected = { durable: true, arguments: DEAD_LETTER_QUEUE_ARGUMENTS };
  await onChannel(connection, (channel) => channel.assertQueue(DEAD_LETTERS, expected)).catch((error: Error) => {
    // Who may not configure the queue does not learn its arguments.
    if (codeOf(error) === ACCESS_REFUSED) return;
    if (codeOf(error) !== PRECONDITION_FAILED) throw error;
    const reason = 'it has other arguments than the services give it, and RabbitMQ may drop what is looked at';
    throw new Error(`${DEAD_LETTERS} was left alone: ${reason}. ${error.message}`, { cause: error });
  });
  return found;
}

/** On a channel of its own, as a refusal closes it. */
async function onChannel<T>(connection: ChannelModel, work: (channel: Channel) => Promise<T>): Promise<T> {
  const asking = async () => {
    const channel = await connection.createChannel();
    channel.on('error', () => undefined); // told by the call that is rejected
    const answer = await work(channel);
    await channel.close();
    return answer;
  };
  return withDeadline({ what: `asking for ${DEAD_LETTERS}`, ms: ANSWER_TIMEOUT_MS }, asking());
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}
