import type { Channel, ChannelModel } from 'amqplib';
import {
  DEAD_LETTER_QUEUE_ARGUMENTS,
  DEAD_LETTERS,
  EVENT_QUEUE_ARGUMENTS,
  EVENTS_EXCHANGE,
  GUILD_EVENTS,
  QUEUES,
  type StatisticsContract,
} from '#libs/contracts';
import { onSeparateChannel } from './separate-channel.js';

/** A queue or exchange with this name exists with other arguments. The operator has to resolve this. */
export class TopologyConflictError extends Error {
  override readonly name = 'TopologyConflictError';
}

const ACCESS_REFUSED = 403;
const NOT_FOUND = 404;
const PRECONDITION_FAILED = 406;

/**
 * Declares exchanges, queues and bindings, and removes the bindings of retired kinds, whose events then go to the dead
 * letters. Existing queues and exchanges are not changed. If the user has no permission to declare
 * them, this only checks that they exist.
 *
 * @throws TopologyConflictError when one exists with other arguments
 */
export async function declareTopology(connection: ChannelModel, contract: StatisticsContract): Promise<void> {
  try {
    await onSeparateChannel(connection, (channel) => declareAll(channel, contract));
  } catch (error) {
    if (codeOf(error) === PRECONDITION_FAILED) {
      throw new TopologyConflictError(
        `RabbitMQ has a queue or exchange of this system with other arguments: ${(error as Error).message}. ` +
          'Nothing was changed. Move its messages away and delete it, or use another virtual host in RABBITMQ_URL',
      );
    }
    if (codeOf(error) !== ACCESS_REFUSED) throw error;
    await checkAll(connection, error as Error);
  }
}

async function declareAll(channel: Channel, contract: StatisticsContract): Promise<void> {
  await channel.assertExchange(DEAD_LETTERS, 'fanout', { durable: true });
  await channel.assertQueue(DEAD_LETTERS, { durable: true, arguments: DEAD_LETTER_QUEUE_ARGUMENTS });
  await channel.bindQueue(DEAD_LETTERS, DEAD_LETTERS, '');
  await channel.assertExchange(EVENTS_EXCHANGE, 'topic', { durable: true, alternateExchange: DEAD_LETTERS });
  for (const queue of Object.values(QUEUES)) {
    await channel.assertQueue(queue, { durable: true, arguments: EVENT_QUEUE_ARGUMENTS });
  }
  for (const { name } of contract.kinds) await channel.bindQueue(QUEUES.statistics, EVENTS_EXCHANGE, name);
  for (const { name } of contract.retired) {
    if (contract.kind(name) === undefined) await channel.unbindQueue(QUEUES.statistics, EVENTS_EXCHANGE, name);
  }
  for (const [name, { queue }] of Object.entries(GUILD_EVENTS)) await channel.bindQueue(queue, EVENTS_EXCHANGE, name);
}

/** Bindings cannot be checked. Whoever created the queues has created them too. */
async function checkAll(connection: ChannelModel, refusal: Error): Promise<void> {
  try {
    await onSeparateChannel(connection, async (channel) => {
      for (const exchange of [DEAD_LETTERS, EVENTS_EXCHANGE]) await channel.checkExchange(exchange);
      for (const queue of [DEAD_LETTERS, ...Object.values(QUEUES)]) await channel.checkQueue(queue);
    });
  } catch (error) {
    if (codeOf(error) !== NOT_FOUND) throw error;
    const { message } = error as Error;
    throw new Error(`${refusal.message}; and the topology does not exist: ${message}`, {
      cause: refusal,
    });
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}
