import type { Channel } from 'amqplib';

/** A method that amqplib's types do not expose. */
interface MethodCaller {
  rpc(method: number, fields: object, answer: number): Promise<unknown>;
}

/** The methods of AMQP's class `tx` (90), as amqplib numbers methods: class, then method in the lower 16 bits. */
const TX_SELECT = 0x5a_000a;
const TX_SELECT_OK = 0x5a_000b;
const TX_COMMIT = 0x5a_0014;
const TX_COMMIT_OK = 0x5a_0015;

/**
 * Makes the channel transactional: messages and acknowledgements take effect at the next commit, or not at all if the
 * channel closes first. RabbitMQ guarantees this only within one queue.
 */
export async function beginTransactions(channel: Channel): Promise<void> {
  await (channel as unknown as MethodCaller).rpc(TX_SELECT, {}, TX_SELECT_OK);
}

/** Resolves when the broker has applied everything since the last commit. */
export async function commitTransaction(channel: Channel): Promise<void> {
  await (channel as unknown as MethodCaller).rpc(TX_COMMIT, {}, TX_COMMIT_OK);
}
