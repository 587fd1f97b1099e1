import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ChannelModel } from 'amqplib';
import { QUEUES, SWITCH_NAMES } from '#libs/contracts';
import type { Bench, Measurement } from '../bench.js';
import { createBenchDatabase, type BenchDatabase } from '../harness/databases.js';
import { measureInRounds, type Contestant, type Spread } from '../harness/rounds.js';
import { benchNumber } from '../harness/servers.js';
import { startService, type ServiceProcess } from '../harness/service-process.js';
import { startScript } from '../harness/start-scripts.js';
import { createBenchVhost, type BenchVhost } from '../harness/virtual-hosts.js';
import { guildIds, makeEvents, publish } from '../data/made-up-events.js';
import { startDiscordServer, type Behaviour, type DiscordServer } from './discord-server.js';
import { channelsOf } from './guild-channels.js';
import { publishRefresh, publishStars } from './publish-stars.js';

const EVENTS = benchNumber('BENCH_EVENTS', 20_000);
const ROUNDS = benchNumber('BENCH_ROUNDS', 7);
const GUILDS = 200;
/** Not measured, so that the code is compiled before. */
const WARM_UP_EVENTS = 10_000;
/** Stars before the measurement. They need more calls of Discord than its rate limits allow during the measurement. */
const WARM_UP_STARS = 1_000;
/** Stars that are published during the measurement. */
const MEASURED_STARS = 2_000;
/** After this number of requests to Discord, starboard and counter panels are running. */
const BUSY_AFTER_REQUESTS = 20;
const POLL_MS = 10;
const UNIT = 's';
const WITHOUT = 'without a token';
const CASES: Readonly<Record<string, Behaviour | undefined>> = {
  [WITHOUT]: undefined,
  'Discord answers': 'answers',
  'Discord hangs': 'hangs',
};
/** Cleared after each measurement. */
const TABLES = [
  'statistic_events',
  'statistic_rollup_pending',
  'starboard_entries',
  'starboard_tasks',
  'starboard_problems',
  'counter_panel_channels',
  'counter_panel_refreshes',
];

/**
 * Measures the time to publish and store statistics while stars and counters are processed. Without a token, stars and
 * counters are dropped; with one, starboard and counter panels call Discord all the time.
 */
export const discord: Bench = {
  title: 'statistics while starboard and counter panels wait for Discord, compared with no token',
  servers: ['postgres', 'rabbitmq'],
  async run() {
    const database = await createBenchDatabase('discord');
    const vhost = await createBenchVhost();
    const broker = await connect(vhost.url);
    try {
      await openGuilds(database);
      // Declares the queues.
      await (await startIngestion(database, vhost)).stop();
      const contestants = Object.entries(CASES).map(([name, behaviour]): Contestant => {
        return { name, measure: () => timeStoring({ database, vhost, broker }, behaviour) };
      });
      return measurement(await measureInRounds(ROUNDS, contestants, UNIT));
    } finally {
      await broker.close();
      await vhost.drop();
      await database.drop();
    }
  },
};

interface Servers {
  database: BenchDatabase;
  vhost: BenchVhost;
  broker: ChannelModel;
}

/** @returns seconds */
async function timeStoring({ database, vhost, broker }: Servers, behaviour: Behaviour | undefined): Promise<number> {
  const server = behaviour && (await startDiscordServer(behaviour));
  const service = await startIngestion(database, vhost, server);
  await publish(broker, makeEvents(WARM_UP_EVENTS, GUILDS), 'singles');
  await untilStored(database, WARM_UP_EVENTS);
  await publishRefresh(broker);
  await publishStars(broker, guildIds(GUILDS), WARM_UP_STARS);
  while (server && server.requests() < BUSY_AFTER_REQUESTS) await sleep(POLL_MS);

  const events = makeEvents(EVENTS, GUILDS);
  const started = performance.now();
  await Promise.all([
    publish(broker, events, 'singles'),
    publishStars(broker, guildIds(GUILDS), MEASURED_STARS),
    untilStored(database, WARM_UP_EVENTS + EVENTS),
  ]);
  const seconds = (performance.now() - started) / 1_000;
  await service.stop();
  await server?.close();
  await clear(database, broker);
  return seconds;
}

async function untilStored({ client }: BenchDatabase, count: number): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM statistic_events');
    if (Number(rows[0]!.count) >= count) return;
    await sleep(POLL_MS);
  }
}

async function clear({ client }: BenchDatabase, broker: ChannelModel): Promise<void> {
  const channel = await broker.createChannel();
  for (const queue of Object.values(QUEUES)) await channel.purgeQueue(queue);
  await channel.close();
  await client.query(`TRUNCATE ${TABLES.join(', ')}`);
}

async function openGuilds({ client }: BenchDatabase): Promise<void> {
  const ids = guildIds(GUILDS);
  const channels = ids.map(channelsOf);
  await client.query(
    `INSERT INTO guild_settings
       (guild_id, enabled, enabled_at, updated_at, switches, starboard_enabled, starboard_count, starboard_channel,
        counter_panel_enabled, counter_panel_category_channel)
     SELECT guild_id, true, now(), now(), $4, true, 1, starboard, true, category
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS g (guild_id, starboard, category)`,
    [ids, channels.map(({ starboard }) => starboard), channels.map(({ category }) => category), SWITCH_NAMES],
  );
  await client.query(
    `INSERT INTO counters (guild_id, channel_id, type, source)
     SELECT guild_id, members, 'members', 'setting' FROM unnest($1::bigint[], $2::bigint[]) AS g (guild_id, members)`,
    [ids, channels.map(({ members }) => members)],
  );
}

async function startIngestion(
  database: BenchDatabase,
  vhost: BenchVhost,
  server?: DiscordServer,
): Promise<ServiceProcess> {
  const env = { DATABASE_URL: database.url, RABBITMQ_URL: vhost.url, INGESTION_PORT: '0' };
  const discordEnv = server && { DISCORD_TOKEN: 'made-up.token', DISCORD_API_URL: server.url };
  return startService(await startScript('start:ingestion'), { ...env, ...discordEnv }, 'consuming');
}

function measurement(results: Record<string, Spread>): Measurement {
  const ratio = (name: string) => ({ value: results[name]!.median / results[WITHOUT]!.median, atMost: 1.25 });
  return {
    parameters: {
      events: EVENTS,
      guilds: GUILDS,
      warmUpStars: WARM_UP_STARS,
      measuredStars: MEASURED_STARS,
      rounds: ROUNDS,
    },
    unit: UNIT,
    results,
    ratios: {
      'Discord answers / without a token': ratio('Discord answers'),
      'Discord hangs / without a token': ratio('Discord hangs'),
    },
  };
}
