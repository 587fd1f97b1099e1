import type pg from 'pg';
import type { Bench, Measurement } from '../bench.js';
import { fillEvents, openGuilds, type KindShares } from '../data/fill-events.js';
import { skewedGuilds } from '../data/made-up-guilds.js';
import { rollUp } from '../data/roll-up.js';
import { createBenchDatabase } from '../harness/databases.js';
import { spreadOf } from '../harness/rounds.js';
import { benchNumber } from '../harness/servers.js';
import { readSizes } from './sizes.js';

const LARGEST = benchNumber('BENCH_EVENTS', 10_000_000);
const GUILDS = benchNumber('BENCH_GUILDS', 2_000);
const USERS = 2_000;
const DAYS = 30;
const KINDS: KindShares = {
  'message.sent': 0.7,
  'command.used': 0.2,
  'autoresponder.response_timed': 0.07,
  'tempchannel.creation_timed': 0.03,
};

/** Counts rows and bytes per event, including rollups. The result is exact, so there are no rounds. */
export const growth: Bench = {
  title: 'rows and bytes of events and their rollups, at two sizes',
  servers: ['postgres'],
  async run() {
    const results: Record<string, number> = {};
    for (const events of [LARGEST / 10, LARGEST]) {
      const sizes = await measure(events);
      for (const [name, value] of Object.entries(sizes))
        results[`${events.toLocaleString('en')} events: ${name}`] = value;
    }
    return measurement(results);
  },
};

async function measure(events: number): Promise<Record<string, number>> {
  const database = await createBenchDatabase('growth');
  try {
    const guilds = skewedGuilds(0, GUILDS, events, USERS);
    const to = Math.floor(Date.now() / 1000) * 1000;
    await openGuilds(database.client, guilds);
    await fillEvents(database.client, { guilds, kinds: KINDS, to, days: DAYS });
    const buckets = await countBuckets(database.client);
    const seconds = await rollUp(database, to);
    return {
      'stale marks per event, before the rollup': buckets / events,
      'microseconds of the rollup worker per event': (seconds * 1e6) / events,
      ...(await readSizes(database.client, events)),
    };
  } finally {
    await database.drop();
  }
}

/** Counts the 15-minute buckets, each of which is marked as stale. */
async function countBuckets(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: string }>(
    `SELECT count(*) FROM (
       SELECT DISTINCT guild_id, kind, date_bin('15 minutes', occurred_at, 'epoch') FROM statistic_events) quarters`,
  );
  return Number(rows[0]!.count);
}

function measurement(results: Record<string, number>): Measurement {
  const at = (events: number, name: string) => results[`${events.toLocaleString('en')} events: ${name}`]!;
  const perEvent = 'bytes per event, rollups and stale marks';
  return {
    parameters: { events: LARGEST, guilds: GUILDS, mostUsersOfAGuild: USERS, days: DAYS, ...KINDS },
    unit: '',
    results: Object.fromEntries(Object.entries(results).map(([name, value]) => [name, spreadOf([value])])),
    ratios: {
      'bytes of rollups / bytes of events': { value: at(LARGEST, perEvent) / at(LARGEST, 'bytes per event, in all') },
      [`bytes of rollups per event, ${LARGEST} / ${LARGEST / 10} events`]: {
        value: at(LARGEST, perEvent) / at(LARGEST / 10, perEvent),
      },
    },
  };
}
