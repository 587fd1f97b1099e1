import { connect } from 'amqplib';
import { setTimeout as sleep } from 'node:timers/promises';
import { EVENTS_EXCHANGE } from '#libs/contracts';
import { makeEvents } from '../data/made-up-events.js';

/**
 * Publishes single events at a rate, with confirms, until SIGTERM. It is a process of its own, so that it does not delay
 * what the bench measures.
 */
const { RABBITMQ_URL, LOAD_RATE, LOAD_SECONDS, LOAD_GUILDS } = process.env as Record<string, string>;
const TICK_MS = 5;
/** At a rate that the broker cannot take, the load waits for confirms. */
const MAX_UNCONFIRMED = 5_000;

const rate = Number(LOAD_RATE);
const events = makeEvents(rate * Number(LOAD_SECONDS), Number(LOAD_GUILDS));
const connection = await connect(RABBITMQ_URL!, { noDelay: true });
const channel = await connection.createConfirmChannel();
const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());

console.log('publishing');
const started = performance.now();
let published = 0;
let unconfirmed = 0;
while (!stopping.signal.aborted && published < events.length) {
  const due = Math.min(events.length, Math.ceil(((performance.now() - started) / 1_000) * rate));
  for (; published < due && unconfirmed < MAX_UNCONFIRMED; published++) {
    const { name, body } = events[published]!;
    unconfirmed++;
    channel.publish(EVENTS_EXCHANGE, name, Buffer.from(body), { persistent: true }, (error: unknown) => {
      if (error) throw new Error('the broker refused an event', { cause: error });
      unconfirmed--;
    });
  }
  await sleep(TICK_MS);
}
await channel.waitForConfirms();
await connection.close();
