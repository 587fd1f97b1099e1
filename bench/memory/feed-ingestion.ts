import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import { QUEUES } from '#libs/contracts';
import { ARRAY_LENGTH, makeEvents, publish } from '../data/made-up-events.js';

/** Messages and commands in turn, an array of each. */
export const EVENTS_A_STEP = 2 * ARRAY_LENGTH;
/** Arrays that may wait in the queue: the service has always something to do, and the broker little to keep. */
const MOST_WAITING = 20;
const POLL_MS = 10;

/** Publishes so many events as fast as they are taken; resolves when the last of them have been taken. */
export async function feedIngestion(broker: ChannelModel, events: number, guilds: number): Promise<void> {
  const channel = await broker.createChannel();
  const untilAtMost = async (waiting: number) => {
    while ((await channel.checkQueue(QUEUES.statistics)).messageCount > waiting) await sleep(POLL_MS);
  };
  for (let published = 0; published < events; published += EVENTS_A_STEP) {
    await untilAtMost(MOST_WAITING);
    await publish(broker, makeEvents(EVENTS_A_STEP, guilds), 'arrays');
  }
  await untilAtMost(0);
  await channel.close();
}
