import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ChannelModel } from 'amqplib';
import type { Bench, Measurement, Ratio } from '../bench.js';
import { fillEvents, openGuilds } from '../data/fill-events.js';
import { madeUpGuild, type MadeUpGuild } from '../data/made-up-guilds.js';
import { ApiClient } from '../harness/api-client.js';
import { createBenchDatabase, type BenchDatabase } from '../harness/databases.js';
import { startQueryService, type QueryService } from '../harness/query-service.js';
import type { Spread } from '../harness/rounds.js';
import { benchNumber } from '../harness/servers.js';
import { startScript } from '../harness/start-scripts.js';
import { startService } from '../harness/service-process.js';
import { createBenchVhost, type BenchVhost } from '../harness/virtual-hosts.js';
import { guildIds } from '../data/made-up-events.js';
import { lastDays, summaryPath, viewPath } from '../read/questions.js';
import { download } from './download.js';
import { feedIngestion } from './feed-ingestion.js';
import { ResidentMemory } from './resident-memory.js';

const EVENTS = benchNumber('BENCH_EVENTS', 5_000_000);
const STAGES = 5;
const GUILDS = 200;
const USERS = 2_000;
const DAYS = 30;
const SLOW_SECONDS = benchNumber('BENCH_SECONDS', 60);
const PAUSE_MS = 20;
const UNIT = 'MB';
const MAX_MB = 200;

type Results = Record<string, Spread>;

/**
 * Measures the resident memory of both services while one stores events and the other answers summaries, and while all
 * records of a large guild are downloaded. Lowest and highest are the extremes of ten samples per second.
 */
export const memory: Bench = {
  title: 'resident memory while millions of events are stored, and while as many records are exported',
  servers: ['postgres', 'rabbitmq'],
  async run() {
    const database = await createBenchDatabase('memory');
    const vhost = await createBenchVhost();
    const broker = await connect(vhost.url);
    const to = Date.now();
    const exported = madeUpGuild(0, EVENTS, USERS);
    const ingested = guildIds(GUILDS).map((guildId) => ({ guildId, events: 0, users: USERS }));
    try {
      await openGuilds(database.client, [exported, ...ingested]);
      await fillEvents(database.client, { guilds: [exported], kinds: { 'message.sent': 1 }, to, days: DAYS });
      await database.client.query('VACUUM ANALYZE statistic_events');
      const exports = await measureExports(database, exported, to);
      const passing = await measurePassing(database, vhost, broker, ingested);
      return measurement({ ...passing, ...exports.results }, exports.recordsPerSecond);
    } finally {
      await broker.close();
      await vhost.drop();
      await database.drop();
    }
  },
};

async function measurePassing(
  database: BenchDatabase,
  vhost: BenchVhost,
  broker: ChannelModel,
  guilds: readonly MadeUpGuild[],
): Promise<Results> {
  const env = { DATABASE_URL: database.url, RABBITMQ_URL: vhost.url, INGESTION_PORT: '0' };
  const ingestion = await startService(await startScript('start:ingestion'), env, 'consuming');
  const query = await startQueryService(database.url, { brokerUrl: vhost.url });
  const summaries = askForSummaries(query, guilds);
  const ofIngestion = new ResidentMemory(ingestion.pid);
  const ofQuery = new ResidentMemory(query.pid);
  const results: Results = {};
  for (let stage = 1; stage <= STAGES; stage++) {
    const events = EVENTS / STAGES;
    await feedIngestion(broker, events, guilds.length);
    const range = `until event ${(stage * events).toLocaleString('en')}`;
    results[`ingestion, ${range}`] = await ofIngestion.take();
    results[`query with summaries, ${range}`] = await ofQuery.take();
    console.log(`  ${range}: ingestion ${results[`ingestion, ${range}`]!.highest.toFixed(0)} ${UNIT}`);
  }
  ofIngestion.stop();
  ofQuery.stop();
  await summaries.stop();
  await query.stop();
  await ingestion.stop();
  return results;
}

/** Requests summaries of the guilds in turn, with short pauses. */
function askForSummaries(service: QueryService, guilds: readonly MadeUpGuild[]): { stop(): Promise<void> } {
  const api = new ApiClient(service.url, service.key);
  let isStopping = false;
  const asking = (async () => {
    for (let n = 0; !isStopping; n++) {
      await api.get(summaryPath(guilds[n % guilds.length]!, lastDays(1, Date.now()), '&group_by=user'));
      await sleep(PAUSE_MS);
    }
  })();
  return {
    async stop() {
      isStopping = true;
      await asking;
      api.close();
    },
  };
}

/** Measures each export with its own service, so that they do not influence each other. */
async function measureExports(
  database: BenchDatabase,
  guild: MadeUpGuild,
  to: number,
): Promise<{ results: Results; recordsPerSecond: number }> {
  const results: Results = {};
  const path = `${viewPath(guild, lastDays(DAYS, to)).replace(/&limit=\d+/, '')}&format=csv`;
  const measure = async (reader: string, bytesPerSecond?: number) => {
    const service = await startQueryService(database.url);
    const memory = new ResidentMemory(service.pid);
    const api = new ApiClient(service.url, service.key);
    for (let n = 0; n < 5; n++) await api.get(viewPath(guild, lastDays(DAYS, to)));
    results[`query before the export, ${reader} reader`] = await memory.take();
    const started = performance.now();
    const bytes = await download(service, path, bytesPerSecond);
    const seconds = (performance.now() - started) / 1000;
    const name = `query in the export, ${reader} reader`;
    results[name] = await memory.take();
    console.log(`  ${name}: ${results[name].highest.toFixed(0)} ${UNIT}, ${seconds.toFixed(0)} s, ${bytes} bytes`);
    memory.stop();
    api.close();
    await service.stop();
    return { bytes, seconds };
  };
  const fast = await measure('fast');
  await measure('slow', Math.min(fast.bytes / SLOW_SECONDS, fast.bytes / fast.seconds / 1.5));
  return { results, recordsPerSecond: guild.events / fast.seconds };
}

function measurement(results: Results, exportedRecordsPerSecond: number): Measurement {
  const highest = (beginning: string) =>
    Math.max(...Object.entries(results).flatMap(([name, of]) => (name.startsWith(beginning) ? [of.highest] : [])));
  const limit = (beginning: string): Ratio => ({ value: highest(beginning) / MAX_MB, atMost: 1 });
  return {
    parameters: {
      events: EVENTS,
      guilds: GUILDS,
      users: USERS,
      slowReaderSeconds: SLOW_SECONDS,
      exportedRecordsPerSecond,
    },
    unit: UNIT,
    results,
    ratios: {
      [`ingestion / ${MAX_MB} MB`]: limit('ingestion'),
      [`query with summaries / ${MAX_MB} MB`]: limit('query with summaries'),
      [`export, fast reader / ${MAX_MB} MB`]: limit('query in the export, fast'),
      [`export, slow reader / ${MAX_MB} MB`]: limit('query in the export, slow'),
    },
  };
}
