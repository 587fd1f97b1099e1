import { connect, type ChannelModel } from 'amqplib';
import { SWITCH_NAMES } from '#libs/contracts';
import type { Bench, Measurement, Ratio } from '../bench.js';
import { createBenchDatabase, type BenchDatabase } from '../harness/databases.js';
import { BATCH, INGESTION_SETTINGS, PREFETCH } from '../harness/ingestion-settings.js';
import { measureInRounds, type Contestant, type Spread } from '../harness/rounds.js';
import { benchNumber } from '../harness/servers.js';
import { startService, type ServiceProcess } from '../harness/service-process.js';
import { BASELINE, startScript } from '../harness/start-scripts.js';
import { createBenchVhost } from '../harness/virtual-hosts.js';
import { timeDrain } from '../peers/bare-drain.js';
import { timeCopy } from '../peers/copy-rows.js';
import { ARRAY_LENGTH, guildIds, makeEvents, publish, type MadeUpEvent } from '../data/made-up-events.js';
import { timeStoring } from './storing-clock.js';

const EVENTS = benchNumber('BENCH_EVENTS', 100_000);
const ROUNDS = benchNumber('BENCH_ROUNDS', 5);
/** Fewer events, because the stock consumer saves each message separately. */
const STOCK_EVENTS = Math.max(1, Math.floor(EVENTS / 20));
const GUILDS = [1, 200] as const;
const INSTANCES = [1, 2] as const;
const SHAPES = ['singles', 'arrays'] as const;
const UNIT = 'events/s';

/**
 * Measures the events per second of the ingestion service. It is compared with its upper limits (a bare consumer of the
 * same messages, and COPY of the same rows into the same table) and with a stock NestJS consumer.
 */
export const ingest: Bench = {
  title: 'events from RabbitMQ to Postgres, compared with COPY, a bare consumer and a stock NestJS consumer',
  servers: ['postgres', 'rabbitmq'],
  async run() {
    const database = await createBenchDatabase('ingest');
    const vhost = await createBenchVhost();
    const broker = await connect(vhost.url);
    try {
      await openGuilds(database);
      // Declares the queues.
      const [first] = await startInstances(database.url, vhost.url, 1);
      await first!.stop();
      const results = await measureInRounds(ROUNDS, contestants(database, vhost.url, broker), UNIT);
      return measurement(results);
    } finally {
      await broker.close();
      await vhost.drop();
      await database.drop();
    }
  },
};

function contestants(database: BenchDatabase, brokerUrl: string, broker: ChannelModel): Contestant[] {
  const all: Contestant[] = [];
  for (const guilds of GUILDS) {
    all.push({ name: name('COPY', guilds), measure: () => timeCopy(database, makeEvents(EVENTS, guilds)) });
    for (const shape of SHAPES)
      for (const instances of INSTANCES)
        for (const checkout of BASELINE === undefined || instances > 1 ? ['.'] : ['.', BASELINE])
          all.push({
            name: name(`${checkout === '.' ? '' : 'baseline '}ingest, ${shape}, ${instances} instances`, guilds),
            measure: async () => {
              const events = makeEvents(EVENTS, guilds);
              await publish(broker, events, shape);
              return timeStoring(database, events, () => startInstances(database.url, brokerUrl, instances, checkout));
            },
          });
  }
  for (const shape of SHAPES)
    all.push({
      name: `bare consumer, ${shape}`,
      measure: async () => {
        await publish(broker, makeEvents(EVENTS, 200), shape);
        const eventsPerMessage = shape === 'singles' ? 1 : ARRAY_LENGTH;
        return eventsPerMessage * (await timeDrain(broker, EVENTS / eventsPerMessage, PREFETCH));
      },
    });
  all.push({
    name: 'stock NestJS consumer, singles',
    measure: async () => {
      const events = makeEvents(STOCK_EVENTS, 200);
      await publish(broker, events, 'singles', asNestPacket);
      return timeStoring(database, events, async () => [await startStockConsumer(database.url, brokerUrl)]);
    },
  });
  return all;
}

function name(what: string, guilds: number): string {
  return `${what}, ${guilds} guilds`.replaceAll(/\b1 (\w+)s\b/g, '1 $1');
}

function measurement(results: Record<string, Spread>): Measurement {
  const median = (key: string) => results[key]!.median;
  const ratios: Record<string, Ratio> = {};
  const stock = median('stock NestJS consumer, singles');
  const drain = median('bare consumer, singles');
  for (const guilds of GUILDS) {
    const singles = median(name('ingest, singles, 1 instances', guilds));
    const arrays = median(name('ingest, arrays, 1 instances', guilds));
    const copy = median(name('COPY', guilds));
    ratios[name('singles / stock', guilds)] = { value: singles / stock, atLeast: 10 };
    ratios[name('singles / slower of bare and COPY', guilds)] = {
      value: singles / Math.min(drain, copy),
      atLeast: 0.5,
    };
    ratios[name('arrays / COPY', guilds)] = { value: arrays / copy, atLeast: 0.5 };
  }
  return {
    parameters: {
      events: EVENTS,
      stockEvents: STOCK_EVENTS,
      rounds: ROUNDS,
      arrayLength: ARRAY_LENGTH,
      prefetch: PREFETCH,
      batchSize: BATCH.size,
      batchMaxAgeMs: BATCH.maxAgeMs,
    },
    unit: UNIT,
    results,
    ratios,
  };
}

async function openGuilds(database: BenchDatabase): Promise<void> {
  await database.client.query(
    `INSERT INTO guild_settings
       (guild_id, enabled, enabled_at, updated_at, switches, counter_panel_enabled, starboard_enabled)
     SELECT guild_id, true, now(), now(), $2, false, false FROM unnest($1::bigint[]) guild_id`,
    [guildIds(Math.max(...GUILDS)), SWITCH_NAMES],
  );
}

/** The body that NestJS's client publishes. */
function asNestPacket(event: MadeUpEvent): string {
  return `{"pattern":"${event.name}","data":${event.body}}`;
}

/** Starts instances like `npm run start:ingestion` in that checkout. */
async function startInstances(
  databaseUrl: string,
  brokerUrl: string,
  instances: number,
  checkout?: string,
): Promise<ServiceProcess[]> {
  const command = await startScript('start:ingestion', checkout);
  const env = { ...INGESTION_SETTINGS, DATABASE_URL: databaseUrl, RABBITMQ_URL: brokerUrl, INGESTION_PORT: '0' };
  return Promise.all(Array.from({ length: instances }, () => startService(command, env, 'consuming')));
}

function startStockConsumer(databaseUrl: string, brokerUrl: string): Promise<ServiceProcess> {
  const env = { DATABASE_URL: databaseUrl, RABBITMQ_URL: brokerUrl, PREFETCH: String(PREFETCH) };
  return startService(['dist/bench/peers/stock-consumer.js'], env, 'consuming');
}
