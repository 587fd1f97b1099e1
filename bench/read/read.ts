import type { Bench, Measurement, Ratio } from '../bench.js';
import { fillEvents, openGuilds } from '../data/fill-events.js';
import { fillSnapshots } from '../data/fill-snapshots.js';
import { madeUpGuild, skewedGuilds, type MadeUpGuild } from '../data/made-up-guilds.js';
import { rollUp } from '../data/roll-up.js';
import { ApiClient } from '../harness/api-client.js';
import { createBenchDatabase, type BenchDatabase } from '../harness/databases.js';
import { startQueryService } from '../harness/query-service.js';
import { measureInRounds, spreadOf, type Contestant, type Spread } from '../harness/rounds.js';
import { benchNumber } from '../harness/servers.js';
import { BASELINE } from '../harness/start-scripts.js';
import {
  cursorOfPage,
  gaugesPath,
  GROUP_BYS,
  groupBy,
  lastDays,
  membersByDay,
  overviewPath,
  PAGE,
  summaryPath,
  summaryVariants,
  viewPath,
} from './questions.js';

const LARGEST = benchNumber('BENCH_EVENTS', 10_000_000);
const ROUNDS = benchNumber('BENCH_ROUNDS', 5);
const FURTHER_GUILDS = benchNumber('BENCH_GUILDS', 2_000);
const REQUESTS = benchNumber('BENCH_REQUESTS', 5);
/** The same number in each of the three guilds, so that only the number of events differs. */
const USERS = 2_000;
const DAYS = 30;
const WINDOWS = [1, 7, DAYS] as const;
const FAR_PAGE = 1_000;
/** Guilds with a snapshot every quarter of an hour. */
const SNAPSHOT_GUILDS = benchNumber('BENCH_SNAPSHOT_GUILDS', 200);
const SNAPSHOT_DAYS = 400;
const UNIT = 'ms';

/** The sizes of the three guilds, relative to the largest one. */
const SIZES = { small: 0.01, middle: 0.1, large: 1 } as const;
type Size = keyof typeof SIZES;
const sizes = Object.keys(SIZES) as Size[];

/**
 * Measures the time of responses over HTTP for guilds of three sizes, among many other guilds, compared with a GROUP BY
 * over the events.
 */
export const read: Bench = {
  title: 'views and summaries of guilds of three sizes, compared with GROUP BY over their events',
  servers: ['postgres'],
  async run() {
    const guilds = threeGuilds();
    const further = skewedGuilds(10, FURTHER_GUILDS, LARGEST / 10, USERS);
    const to = Math.floor(Date.now() / 1000) * 1000;
    const database = await createBenchDatabase('read');
    try {
      const allGuilds = [...sizes.map((size) => guilds[size]), ...further];
      const seconds = await prepare(database, allGuilds, to);
      const gaugeGuild = await prepareSnapshots(database, to);
      const service = await startQueryService(database.url);
      const baseline = BASELINE ? await startQueryService(database.url, { checkout: BASELINE }) : undefined;
      const api = new ApiClient(service.url, service.key);
      const baselineApi = baseline && new ApiClient(baseline.url, baseline.key);
      try {
        await compareAnswers(database, api, guilds, to);
        await compareGauges(database, api, gaugeGuild, to);
        const all = [
          ...(await questions({ '': api, ...(baselineApi && { 'baseline ': baselineApi }) }, guilds, to)),
          ...gauges(api, gaugeGuild, to),
          ...groupBys(database, guilds, to),
        ];
        return measurement(await measureInRounds(ROUNDS, all, UNIT), seconds, to);
      } finally {
        api.close();
        baselineApi?.close();
        await service.stop();
        await baseline?.stop();
      }
    } finally {
      await database.drop();
    }
  },
};

function threeGuilds(): Record<Size, MadeUpGuild> {
  const entries = sizes.map((size, index) => [size, madeUpGuild(index, Math.round(LARGEST * SIZES[size]), USERS)]);
  return Object.fromEntries(entries) as Record<Size, MadeUpGuild>;
}

/** @returns the time of the rollup worker in seconds */
async function prepare(database: BenchDatabase, guilds: readonly MadeUpGuild[], to: number): Promise<number> {
  const { client } = database;
  await openGuilds(client, guilds);
  const started = performance.now();
  await fillEvents(client, { guilds, kinds: { 'message.sent': 1 }, to, days: DAYS });
  console.log(`  events written in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  const seconds = await rollUp(database, to);
  console.log(`  rolled up in ${seconds.toFixed(0)} s`);
  return seconds;
}

/** @returns one of many guilds with snapshots */
async function prepareSnapshots({ client }: BenchDatabase, to: number): Promise<MadeUpGuild> {
  const guilds = Array.from({ length: SNAPSHOT_GUILDS }, (_, index) => madeUpGuild(1_000_000 + index, 0, 0));
  await openGuilds(client, guilds);
  const started = performance.now();
  const guildIds = guilds.map(({ guildId }) => guildId);
  const snapshots = await fillSnapshots(client, { guildIds, to, days: SNAPSHOT_DAYS });
  console.log(
    `  ${snapshots} snapshots of each guild written in ${((performance.now() - started) / 1000).toFixed(0)} s`,
  );
  return guilds[SNAPSHOT_GUILDS >> 1]!;
}

/** @throws Error if a gauge differs from the snapshots */
async function compareGauges({ client }: BenchDatabase, api: ApiClient, guild: MadeUpGuild, to: number): Promise<void> {
  const span = lastDays(SNAPSHOT_DAYS - 1, to);
  const { data } = await api.get<{ data: { gauges: { series: { last: number; min: number; max: number }[] }[] } }>(
    gaugesPath(guild, span, '&gauges=members'),
  );
  const answered = data.gauges[0]!.series.map(({ last, min, max }) => `${last} ${min} ${max}`).join();
  const counted = (await membersByDay(client, guild, span)).map(({ last, min, max }) => `${last} ${min} ${max}`).join();
  if (answered !== counted) throw new Error(`gauges: ${answered} was answered, and counted ${counted}`);
}

function gauges(api: ApiClient, guild: MadeUpGuild, to: number): Contestant[] {
  const ask = (name: string, path: string): Contestant => ({
    name: `gauges: ${name}`,
    measure: () => medianTime(REQUESTS, () => api.get(path)),
  });
  const year = lastDays(SNAPSHOT_DAYS, to);
  return [
    ask('400 days', gaugesPath(guild, year)),
    ask('400 days of Asia/Kathmandu', gaugesPath(guild, year, '&timezone=Asia/Kathmandu')),
    ask('400 days, members', gaugesPath(guild, year, '&gauges=members')),
    ask('400 days by hour, members', gaugesPath(guild, year, '&gauges=members&interval=hour')),
    ask('30 days', gaugesPath(guild, lastDays(DAYS, to))),
  ];
}

/** @throws Error if a summary differs from the count of the events */
async function compareAnswers(
  { client }: BenchDatabase,
  api: ApiClient,
  guilds: Record<Size, MadeUpGuild>,
  to: number,
): Promise<void> {
  const span = lastDays(DAYS, to);
  for (const size of sizes) {
    const days = await groupBy(client, guilds[size], span, GROUP_BYS['a total of each day']);
    const total = days.reduce((sum, { n }) => sum + Number(n), 0);
    for (const grouping of ['user', 'channel'] as const) {
      const path = summaryPath(guilds[size], span, `&group_by=${grouping}`);
      const { data } = await api.get<{ data: { total: number; groups: { key: string; count: number }[] } }>(path);
      const top = await groupBy(client, guilds[size], span, GROUP_BYS[`top ${grouping}s`]);
      const answered = [data.total, ...data.groups.map(({ key, count }) => `${key}: ${count}`)].join();
      const counted = [total, ...top.map(({ key, n }) => `${key}: ${n}`)].join();
      if (answered !== counted) throw new Error(`${size} guild: ${answered} was answered, and counted ${counted}`);
    }
  }
}

/** @param apis the services by the prefix of their result names. Each request is measured for all of them alternately */
async function questions(
  apis: Record<string, ApiClient>,
  guilds: Record<Size, MadeUpGuild>,
  to: number,
): Promise<Contestant[]> {
  const month = lastDays(DAYS, to);
  const all: Contestant[] = [];
  for (const size of sizes) {
    const guild = guilds[size];
    const ask = (what: string, path: string) => {
      for (const [prefix, api] of Object.entries(apis))
        all.push({ name: prefix + name(size, what), measure: () => medianTime(REQUESTS, () => api.get(path)) });
    };
    const cursor = await cursorOfPage(Object.values(apis)[0]!, guild, month, farPage(guild));
    ask('page 1', viewPath(guild, month));
    ask(`page ${FAR_PAGE}`, viewPath(guild, month, cursor));
    for (const days of WINDOWS)
      for (const [variant, more] of Object.entries(summaryVariants(guild)))
        ask(summary(days, variant), summaryPath(guild, lastDays(days, to), more));
    ask('hours of Asia/Kolkata', summaryPath(guild, month, '&interval=hour&timezone=Asia/Kolkata'));
    ask('overview', overviewPath(guild, month));
  }
  return all;
}

function groupBys({ client }: BenchDatabase, guilds: Record<Size, MadeUpGuild>, to: number): Contestant[] {
  const month = lastDays(DAYS, to);
  return sizes.flatMap((size) =>
    Object.entries(GROUP_BYS).map(([variant, select]) => ({
      name: name(size, `GROUP BY: ${variant}`),
      measure: () => medianTime(1, () => groupBy(client, guilds[size], month, select)),
    })),
  );
}

/** In short runs, the last existing page. */
function farPage({ events }: MadeUpGuild): number {
  return Math.min(FAR_PAGE, Math.floor(events / PAGE));
}

async function medianTime(times: number, ask: () => Promise<unknown>): Promise<number> {
  const values: number[] = [];
  for (let n = 0; n < times; n++) {
    const started = performance.now();
    await ask();
    values.push(performance.now() - started);
  }
  return spreadOf(values).median;
}

function name(size: Size, what: string): string {
  return `${size}: ${what}`;
}

function summary(days: number, variant: string): string {
  return `summary of ${days} days, ${variant}`.replace(' 1 days', ' 1 day');
}

/** The summary that corresponds to each GROUP BY. */
const COUNTERPARTS = {
  'a total of each day': 'total',
  'top users': 'by user',
  'top channels': 'by channel',
} as const satisfies Record<keyof typeof GROUP_BYS, string>;

function measurement(results: Record<string, Spread>, rollupSeconds: number, to: number): Measurement {
  const median = (size: Size, what: string) => results[name(size, what)]!.median;
  const ratios: Record<string, Ratio> = {};
  for (const variant of ['total', 'by user', 'by channel', 'of a channel', 'of a user']) {
    const what = summary(DAYS, variant);
    ratios[`${what}: large / small`] = { value: median('large', what) / median('small', what), atMost: 2 };
  }
  for (const size of sizes) {
    const value = results['gauges: 400 days']!.median / median(size, summary(DAYS, 'total'));
    ratios[`gauges of 400 days / summary of 30 days, total, ${size}`] = { value, atMost: 5 };
  }
  for (const [variant, counterpart] of Object.entries(COUNTERPARTS)) {
    const value = median('large', `GROUP BY: ${variant}`) / median('large', summary(DAYS, counterpart));
    ratios[`large: GROUP BY / summary, ${variant}`] = { value, atLeast: 100 };
  }
  for (const size of sizes) {
    const value = median(size, `page ${FAR_PAGE}`) / median(size, 'page 1');
    ratios[`${size}: page ${FAR_PAGE} / page 1`] = { value, atMost: 1.5 };
  }
  const events = LARGEST * (SIZES.small + SIZES.middle + SIZES.large) + LARGEST / 10;
  return {
    parameters: {
      eventsOfTheLargeGuild: LARGEST,
      eventsOfTheMiddleGuild: LARGEST * SIZES.middle,
      eventsOfTheSmallGuild: LARGEST * SIZES.small,
      usersOfEach: USERS,
      furtherGuilds: FURTHER_GUILDS,
      eventsOfFurtherGuilds: LARGEST / 10,
      days: DAYS,
      guildsWithSnapshots: SNAPSHOT_GUILDS,
      end: new Date(to).toISOString(),
      rounds: ROUNDS,
      requestsPerRound: REQUESTS,
      rollupMicrosecondsPerEvent: (rollupSeconds * 1e6) / events,
    },
    unit: UNIT,
    results,
    ratios,
  };
}
