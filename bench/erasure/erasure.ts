import type { DataSource } from 'typeorm';
import { createDataSource } from '#libs/database';
import { Eraser, ERASURE_STEP_SIZES } from '#libs/erasure';
import type { Bench, Measurement } from '../bench.js';
import { fillEvents, openGuilds, userId } from '../data/fill-events.js';
import { madeUpGuild } from '../data/made-up-guilds.js';
import { rollUp } from '../data/roll-up.js';
import { createBenchDatabase } from '../harness/databases.js';
import { spreadOf, type Spread } from '../harness/rounds.js';
import { benchNumber } from '../harness/servers.js';
import { WaitingIngest } from './waiting-ingest.js';

const EVENTS = benchNumber('BENCH_EVENTS', 5_000_000);
const DAYS = 30;
/** The member's share of the events. */
const MEMBER_SHARE = 0.2;
const LONGEST_WAIT_MS = 500;

/**
 * Erases a member with a fifth of a guild's events, and then the guild. The data can be erased only once: no rounds.
 */
export const erasure: Bench = {
  title: 'erasing a member and a guild: duration, and how long others wait for the stripe lock',
  servers: ['postgres'],
  async run() {
    const database = await createBenchDatabase('erasure');
    try {
      const guild = madeUpGuild(0, EVENTS, 2_000);
      const to = Math.floor(Date.now() / 1000) * 1000;
      const kinds = { 'message.sent': 0.7, 'command.used': 0.2, 'autoresponder.response_timed': 0.1 } as const;
      await openGuilds(database.client, [guild]);
      await fillEvents(database.client, { guilds: [guild], kinds, to, days: DAYS });
      await database.client.query('UPDATE statistic_events SET user_id = $1 WHERE random() < $2', [
        userId(0),
        MEMBER_SHARE,
      ]);
      await rollUp(database, to);
      const options = { url: database.url, poolSize: 4, applicationName: 'serverstats-bench' };
      const dataSource = await createDataSource(options).initialize();
      const eraser = new Eraser(dataSource);
      const { guildId } = guild;
      const results = {
        ...(await timed('a member', dataSource, guildId, () => eraser.eraseMember(guildId, userId(0)))),
        ...(await timed('a guild', dataSource, guildId, () => eraser.eraseGuild(guildId))),
      };
      await dataSource.destroy();
      return measurement(results);
    } finally {
      await database.drop();
    }
  },
};

async function timed(
  what: string,
  dataSource: DataSource,
  guildId: string,
  erase: () => Promise<unknown>,
): Promise<Record<string, Spread>> {
  const ingest = new WaitingIngest(dataSource, guildId);
  const startedAt = performance.now();
  await erase();
  const total = performance.now() - startedAt;
  await ingest.stop();
  return { [`${what}: in all`]: spreadOf([total]), [`${what}: a wait for the stripe`]: spreadOf(ingest.waits) };
}

function measurement(results: Record<string, Spread>): Measurement {
  const longest = (what: string) => ({
    value: results[`${what}: a wait for the stripe`]!.highest / LONGEST_WAIT_MS,
    atMost: 1,
  });
  return {
    parameters: { events: EVENTS, days: DAYS, memberShare: MEMBER_SHARE, ...ERASURE_STEP_SIZES },
    unit: 'ms',
    results,
    ratios: {
      [`longest wait behind a member / ${LONGEST_WAIT_MS} ms`]: longest('a member'),
      [`longest wait behind a guild / ${LONGEST_WAIT_MS} ms`]: longest('a guild'),
    },
  };
}
