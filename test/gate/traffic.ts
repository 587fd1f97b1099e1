import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Options } from 'amqplib';
import fc from 'fast-check';
import { CATALOGUE, QUEUES, type StatisticKind } from '#libs/contracts';
import { makeEvents, toIntegers, type MadeUpEvent } from '../harness/made-up-events.js';

/** Something that is sent until it is accepted. */
export type Delivery =
  | { way: 'http'; path: string; body: string }
  | { way: 'exchange' | 'queue'; routingKey: string; content: Buffer; properties: Options.Publish };

export interface Traffic {
  /** Shuffled. */
  deliveries: Delivery[];
  /** What must be stored in the end, each once. */
  events: MadeUpEvent[];
  /** Found in the dead letter of each poisonous message or element. */
  poison: string[];
}

const DUPLICATES = 0.2;
const POISON_OF_EACH_SORT = 0.01;
const MOST_IN_ARRAY = 40;
/** Larger than a message may be. */
const TOO_LARGE = 1_048_577;
const DAY_MS = 86_400_000;

/** @param count events that must be stored */
export function makeTraffic(seed: number, count: number, guildIds: readonly string[]): Traffic {
  const events = guildIds.flatMap((guildId) => makeEvents(Math.ceil(count / guildIds.length), guildId));
  const repeated = shuffled(events, seed).slice(0, Math.round(events.length * DUPLICATES));
  const poison: string[] = [];
  const deliveries = packed(shuffled([...events, ...repeated], seed + 1), seed);
  for (const sort of Object.values(POISON)) {
    for (let n = Math.max(1, Math.round(count * POISON_OF_EACH_SORT)); n > 0; n--) {
      const mark = `poison-${randomUUID()}`;
      poison.push(mark);
      deliveries.push(sort(mark, guildIds[0]!));
    }
  }
  return { deliveries: shuffled(deliveries, seed + 2), events, poison };
}

export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const all = fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });
  return fc.sample(all, { seed, numRuns: 1 })[0]!;
}

/** Singles and arrays over AMQP, singles over HTTP. */
function packed(events: readonly MadeUpEvent[], seed: number): Delivery[] {
  const waiting = new Map<string, MadeUpEvent[]>();
  const deliveries: Delivery[] = [];
  const forms = fc.sample(fc.integer({ min: 0, max: 9 }), { seed, numRuns: events.length });
  for (const [index, event] of events.entries()) {
    const form = forms[index]!;
    if (form === 0) deliveries.push(post(event));
    else if (form <= 3) deliveries.push(message(event.kind, JSON.stringify(event.body), form === 3));
    else {
      const array = waiting.get(event.kind) ?? [];
      waiting.set(event.kind, array);
      if (array.push(event) === MOST_IN_ARRAY) deliveries.push(arrayOf(event.kind, array.splice(0)));
    }
  }
  for (const [kind, array] of waiting) if (array.length > 0) deliveries.push(arrayOf(kind, array));
  return deliveries;
}

function post({ kind, body }: MadeUpEvent): Delivery {
  const { recordPath } = (CATALOGUE as Record<string, StatisticKind>)[kind]!;
  return { way: 'http', path: recordPath, body: toIntegers(JSON.stringify(body)) };
}

function arrayOf(kind: string, events: readonly MadeUpEvent[]): Delivery {
  return message(kind, JSON.stringify(events.map(({ body }) => body)), events.length % 2 === 0);
}

function message(routingKey: string, text: string, isPacked = false): Delivery {
  const properties = isPacked ? { contentEncoding: 'gzip' } : {};
  return { way: 'exchange', routingKey, content: isPacked ? gzipSync(text) : Buffer.from(text), properties };
}

const KIND = 'command.used';

const POISON: Record<string, (mark: string, guildId: string) => Delivery> = {
  'no JSON': (mark) => message(KIND, `{"command": "${mark}"`),
  'no object': (mark) => message(KIND, JSON.stringify(mark)),
  'a wrong field': (mark) => message(KIND, JSON.stringify({ guild_id: 'none', command: mark })),
  'a text that Postgres cannot hold': (mark, guild_id) =>
    message(KIND, JSON.stringify({ guild_id, command: `${mark}\0` })),
  'the future': (mark, guild_id) =>
    message(
      KIND,
      JSON.stringify({ guild_id, command: mark, event_id: randomUUID(), occurred_at: Date.now() + 30 * DAY_MS }),
    ),
  'an element of an array': (mark) => message(KIND, JSON.stringify([{ command: mark }])),
  'an unknown routing key': (mark) => message('nothing.known', JSON.stringify({ mark })),
  'an unknown pattern': (mark) => ({
    way: 'queue',
    routingKey: QUEUES.statistics,
    content: Buffer.from(JSON.stringify({ pattern: 'nothing.known', data: { mark } })),
    properties: {},
  }),
  'broken gzip': (mark) => ({
    way: 'exchange',
    routingKey: KIND,
    content: Buffer.from(mark),
    properties: { contentEncoding: 'gzip' },
  }),
  'a bomb': (mark) => ({
    way: 'exchange',
    routingKey: KIND,
    content: gzipSync(Buffer.alloc(TOO_LARGE, ' ')),
    properties: { contentEncoding: 'gzip', messageId: mark },
  }),
};
