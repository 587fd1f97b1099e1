import { randomUUID } from 'node:crypto';
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { EVENTS_EXCHANGE, QUEUES } from '#libs/contracts';
import { withDeadline } from '#libs/timing';
import type { Bench, Measurement, Ratio } from '../bench.js';
import { openGuilds } from '../data/fill-events.js';
import { guildIds } from '../data/made-up-events.js';
import { madeUpGuild } from '../data/made-up-guilds.js';
import { ApiClient } from '../harness/api-client.js';
import { createBenchDatabase, type BenchDatabase } from '../harness/databases.js';
import { BATCH, INGESTION_SETTINGS, PREFETCH } from '../harness/ingestion-settings.js';
import { startQueryService, type QueryService } from '../harness/query-service.js';
import { percentileOf, spreadOf, type Spread } from '../harness/rounds.js';
import { benchNumber } from '../harness/servers.js';
import { startService } from '../harness/service-process.js';
import { BASELINE, startScript } from '../harness/start-scripts.js';
import { createBenchVhost } from '../harness/virtual-hosts.js';
import { startBareConsumer } from '../peers/bare-consumer.js';

const ROUNDS = benchNumber('BENCH_ROUNDS', 5);
const SECONDS = benchNumber('BENCH_SECONDS', 10);
/** Events per second. */
const RATES = [100, 5_000, 20_000] as const;
const GUILDS = 200;
/** The guild of the events whose time is measured. */
const PROBED = madeUpGuild(0, 0, 1);
/** The load runs this long before the measurement. */
const WARM_UP_MS = 1_500;
/** For the last event, which may be late. */
const MARGIN_SECONDS = 25;
const POLL_MS = 5;
/** Random pauses, so that the events come at any moment of a batch. */
const LONGEST_PAUSE_MS = 60;
/** If the load is more than the machine can take, an event waits behind the queue. */
const PROBE_TIMEOUT_MS = 120_000;
const UNIT = 'ms';
const BARE = 'bare consumer';
const PRODUCT = 'serverstats';
const PERCENTILES = [
  ['p50', 0.5],
  ['p99', 0.99],
] as const;
/** What a contestant did at one rate in one round. */
interface Turn {
  /** Milliseconds from publish to delivery, or until the event could be read. */
  times: number[];
  /** Events taken from the queue, per second. */
  reached: number;
}

/** How a contestant is measured. */
interface Probes {
  /** Publishes one event and waits until it has arrived. @returns milliseconds */
  measureOne(): Promise<number>;
  /** The number of events that the contestant has taken so far. */
  countTaken(): Promise<number>;
  stop(): Promise<void>;
}

/** Measures the time from the publish of an event until it can be read, compared with its delivery to a bare consumer. */
export const latency: Bench = {
  title: 'time from publish until an event can be read over REST, compared with a bare consumer',
  servers: ['postgres', 'rabbitmq'],
  async run() {
    const database = await createBenchDatabase('latency');
    const vhost = await createBenchVhost();
    const broker = await connect(vhost.url, { noDelay: true });
    const query = await startQueryService(database.url, { env: { RATE_LIMIT_PER_MINUTE: '0' } });
    try {
      const loaded = guildIds(GUILDS).map((guildId) => ({ guildId, events: 0, users: 1 }));
      await openGuilds(database.client, [PROBED, ...loaded]);
      // Declares the queues.
      await withIngestion('.', database.url, vhost.url, async () => undefined);
      const contestants = contestantsOf(database, vhost.url, broker, query);
      return measurement(await measureTurns(contestants));
    } finally {
      await query.stop();
      await broker.close();
      await vhost.drop();
      await database.drop();
    }
  },
};

type Contestants = Record<string, (rate: number) => Promise<Turn>>;

function contestantsOf(
  database: BenchDatabase,
  brokerUrl: string,
  broker: ChannelModel,
  query: QueryService,
): Contestants {
  const product = (checkout: string) => async (rate: number) => {
    const turn = await withIngestion(checkout, database.url, brokerUrl, () =>
      probeUnderLoad(broker, brokerUrl, rate, async (channel) => probesOfReading(database, query, channel)),
    );
    await database.client.query('TRUNCATE statistic_events, statistic_rollup_pending');
    return turn;
  };
  return {
    [BARE]: (rate) => probeUnderLoad(broker, brokerUrl, rate, (channel) => probesOfDelivery(broker, channel)),
    [PRODUCT]: product('.'),
    ...(BASELINE !== undefined && { [`baseline ${PRODUCT}`]: product(BASELINE) }),
  };
}

/** Measures the contestants alternately, so that temporary load of the machine affects all of them. */
async function measureTurns(contestants: Contestants): Promise<Map<string, Turn[]>> {
  const turns = new Map<string, Turn[]>();
  for (let round = 0; round < ROUNDS; round++) {
    console.log(`round ${round + 1} of ${ROUNDS}, load average ${loadavg()[0]!.toFixed(1)}`);
    for (const rate of RATES)
      for (const [name, measure] of Object.entries(contestants)) {
        const turn = await measure(rate);
        const key = `${name}, ${rate}/s`;
        turns.set(key, [...(turns.get(key) ?? []), turn]);
        const [p50, p99] = PERCENTILES.map(([, share]) => percentileOf(turn.times, share).toPrecision(3));
        console.log(`  ${key.padEnd(30)} p50 ${p50}, p99 ${p99} ${UNIT}, ${turn.reached.toFixed(0)} events/s`);
      }
  }
  return turns;
}

/** Measures one event after another while the load is published. */
async function probeUnderLoad(
  broker: ChannelModel,
  brokerUrl: string,
  rate: number,
  startProbes: (channel: ConfirmChannel) => Promise<Probes>,
): Promise<Turn> {
  const channel = await broker.createConfirmChannel();
  await channel.purgeQueue(QUEUES.statistics);
  const probes = await startProbes(channel);
  const env = {
    RABBITMQ_URL: brokerUrl,
    LOAD_RATE: String(rate),
    LOAD_SECONDS: String(SECONDS + MARGIN_SECONDS),
    LOAD_GUILDS: String(GUILDS),
  };
  const load = await startService(['dist/bench/latency/publish-load.js'], env, 'publishing');
  try {
    return await measureTurn(probes);
  } finally {
    await load.stop();
    await probes.stop();
    await channel.close();
  }
}

async function measureTurn(probes: Probes): Promise<Turn> {
  await sleep(WARM_UP_MS);
  const takenBefore = await probes.countTaken();
  const started = performance.now();
  const times: number[] = [];
  while (performance.now() < started + SECONDS * 1_000) {
    times.push(await probes.measureOne());
    await sleep(Math.random() * LONGEST_PAUSE_MS);
  }
  const taken = (await probes.countTaken()) - takenBefore;
  const seconds = (performance.now() - started) / 1_000;
  return { times, reached: taken / seconds };
}

/** Until the bare consumer gets the event. */
async function probesOfDelivery(broker: ChannelModel, channel: ConfirmChannel): Promise<Probes> {
  let taken = 0;
  let awaited: { id: string; arrive: (at: number) => void } | undefined;
  const stop = await startBareConsumer(broker, PREFETCH, ({ properties }) => {
    taken++;
    if (properties.messageId === awaited?.id) awaited?.arrive(performance.now());
  });
  return {
    async measureOne() {
      const id = randomUUID();
      const arrived = new Promise<number>((arrive) => (awaited = { id, arrive }));
      const publishedAt = performance.now();
      publishProbe(channel, id);
      return (await withDeadline({ what: 'a delivery', ms: PROBE_TIMEOUT_MS }, arrived)) - publishedAt;
    },
    countTaken: async () => taken,
    stop,
  };
}

/** Until the newest event of the guild, as the API answers, is the event. */
function probesOfReading(database: BenchDatabase, query: QueryService, channel: ConfirmChannel): Probes {
  const api = new ApiClient(query.url, query.key);
  const path = `stats/command/view?guild_id=${PROBED.guildId}&days=1&limit=1`;
  return {
    async measureOne() {
      const id = randomUUID();
      const publishedAt = performance.now();
      publishProbe(channel, id);
      for (let polls = 1; ; polls++) {
        const { data } = await api.get<{ data: { id: string }[] }>(path);
        const passed = performance.now() - publishedAt;
        if (data[0]?.id === id) return passed;
        if (passed > PROBE_TIMEOUT_MS) throw new Error(`an event could not be read for ${PROBE_TIMEOUT_MS} ms`);
        await sleep(Math.max(0, polls * POLL_MS - passed));
      }
    },
    async countTaken() {
      const { rows } = await database.client.query<{ count: string }>('SELECT count(*) FROM statistic_events');
      return Number(rows[0]!.count);
    },
    stop: async () => api.close(),
  };
}

function publishProbe(channel: ConfirmChannel, id: string): void {
  const event = {
    guild_id: PROBED.guildId,
    event_id: id,
    occurred_at: new Date().toISOString(),
    user_id: '1',
    command: 'probe',
  };
  const content = Buffer.from(JSON.stringify(event));
  channel.publish(EVENTS_EXCHANGE, 'command.used', content, { persistent: true, messageId: id }, throwIfRefused);
}

function throwIfRefused(error: unknown): void {
  if (error) throw new Error('the broker refused an event', { cause: error });
}

/** Starts an instance like `npm run start:ingestion` in that checkout, for the time of `use`. */
async function withIngestion<T>(
  checkout: string,
  databaseUrl: string,
  brokerUrl: string,
  use: () => Promise<T>,
): Promise<T> {
  const env = { ...INGESTION_SETTINGS, DATABASE_URL: databaseUrl, RABBITMQ_URL: brokerUrl, INGESTION_PORT: '0' };
  const service = await startService(await startScript('start:ingestion', checkout), env, 'consuming');
  try {
    return await use();
  } finally {
    await service.stop();
  }
}

function measurement(turns: ReadonlyMap<string, readonly Turn[]>): Measurement {
  const results: Record<string, Spread> = {};
  const parameters: Measurement['parameters'] = {
    rounds: ROUNDS,
    secondsPerRound: SECONDS,
    guilds: GUILDS,
    pollMs: POLL_MS,
    batchSize: BATCH.size,
    batchMaxAgeMs: BATCH.maxAgeMs,
    loadAverage: loadavg()[1]!,
  };
  for (const [key, ofKey] of turns) {
    for (const [name, share] of PERCENTILES)
      results[`${key}, ${name}`] = spreadOf(ofKey.map(({ times }) => percentileOf(times, share)));
    parameters[`events/s, ${key}`] = spreadOf(ofKey.map(({ reached }) => reached)).median;
  }
  const ratios: Record<string, Ratio> = {};
  for (const rate of RATES)
    for (const [name] of PERCENTILES) {
      const of = (contestant: string) => results[`${contestant}, ${rate}/s, ${name}`]!.median;
      ratios[`${PRODUCT} / ${BARE}, ${rate}/s, ${name}`] = { value: of(PRODUCT) / of(BARE) };
    }
  return { parameters, unit: UNIT, results, ratios };
}
