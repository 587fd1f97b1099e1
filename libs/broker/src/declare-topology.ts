import type { Channel } from 'amqplib';
import {
  DEAD_LETTER_QUEUE_ARGUMENTS,
  DEAD_LETTERS,
  EVENT_QUEUE_ARGUMENTS,
  EVENTS_EXCHANGE,
  GUILD_EVENTS,
  QUEUES,
  type StatisticsContract,
} from '#libs/contracts';

/** A queue or exchange of that name exists with other arguments; only a person can decide what becomes of it. */
export class TopologyConflictError extends Error {
  override readonly name = 'TopologyConflictError';
}

const PRECONDITION_FAILED = 406;

/**
 * Declares exchanges, queues and bindings; what is there already stays as it is.
 *
 * @throws TopologyConflictError when something exists with other arguments; the broker has closed the channel then
 */
export async function declareTopology(channel: Channel, contract: StatisticsContract): Promise<void> {
  try {
    await channel.assertExchange(DEAD_LETTERS, 'fanout', { durable: true });
    await channel.assertQueue(DEAD_LETTERS, { durable: true, arguments: DEAD_LETTER_QUEUE_ARGUMENTS });
    await channel.bindQueue(DEAD_LETTERS, DEAD_LETTERS, '');
    await channel.assertExchange(EVENTS_EXCHANGE, 'topic', { durable: true, alternateExchange: DEAD_LETTERS });
    for (const queue of Object.values(QUEUES)) {
      await channel.assertQueue(queue, { durable: true, arguments: EVENT_QUEUE_ARGUMENTS });
    }
    for (const { name } of contract.kinds) await channel.bindQueue(QUEUES.statistics, EVENTS_EXCHANGE, name);
    for (const [name, { queue }] of Object.entries(GUILD_EVENTS)) await channel.bindQueue(queue, EVENTS_EXCHANGE, name);
  } catch (error) {
    if ((error as { code?: unknown }).code !== PRECONDITION_FAILED) throw error;
    throw new TopologyConflictError(
      `RabbitMQ holds a queue or exchange of this system with other arguments: ${(error as Error).message}. ` +
        'Nothing was changed. Move its messages away and delete it, or use another virtual host in RABBITMQ_URL',
    );
  }
}
