import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import { QUEUES } from '#libs/contracts';
import { ARRAY_LENGTH, makeEvents, publish } from '../data/made-up-events.js';

/** One array of messages and one of commands. */
export const EVENTS_PER_STEP = 2 * ARRAY_LENGTH;
/** Arrays in the queue: enough to keep the service busy, without using much memory of the broker. */
const MAX_WAITING_MESSAGES = 20;
const POLL_MS = 10;

/** Publishes events as fast as they are consumed, and resolves when the queue is empty. */
export async function feedIngestion(broker: ChannelModel, events: number, guilds: number): Promise<void> {
  const channel = await broker.createChannel();
  const untilAtMost = async (waiting: number) => {
    while ((await channel.checkQueue(QUEUES.statistics)).messageCount > waiting) await sleep(POLL_MS);
  };
  for (let published = 0; published < events; published += EVENTS_PER_STEP) {
    await untilAtMost(MAX_WAITING_MESSAGES);
    await publish(broker, makeEvents(EVENTS_PER_STEP, guilds), 'arrays');
  }
  await untilAtMost(0);
  await channel.close();
}
