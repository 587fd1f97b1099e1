import { CATALOGUE, DEAD_LETTERS, type StatisticKind } from '#libs/contracts';
import { ApiClient } from '../harness/api-client.js';
import { expectedRecords, readRecords } from '../harness/expected-records.js';
import { SnowflakeSource } from '../harness/made-up-events.js';
import { Publisher } from '../harness/publisher.js';
import { waitFor } from '../harness/wait-for.js';
import { schedule } from './faults.js';
import { PrivateServers } from './private-servers.js';
import { RunningServices } from './running-services.js';
import { Sender } from './sender.js';
import { TrafficControl } from './traffic-control.js';
import { makeTraffic, type Delivery } from './traffic.js';

/** `npm run test:gate` passes 20 schedules one after the other; `GATE_SEED=7 npm run test:gate` repeats one. */
const SEED = Number(process.env.GATE_SEED ?? Date.now() % 1_000_000);
const RUNS = process.env.GATE_SEED === undefined ? Number(process.env.GATE_RUNS ?? 1) : 1;
/** In each run. */
const EVENTS = Number(process.env.GATE_EVENTS ?? 2_000);
/** A busy machine takes its time. */
const START_MS = 300_000;
const RUN_MS = 300_000 + EVENTS * 20;
const DRAIN_MS = 60_000 + EVENTS * 2;
const GUILDS = 4;
/** The share of dead letters that may come twice. */
const MOST_REPEATED_LETTERS = 0.1;
const DAY_MS = 86_400_000;

const ids = new SnowflakeSource(Date.now());

describe('the gate: what was accepted is stored once, whatever fails', () => {
  let servers: PrivateServers;
  let services: RunningServices;
  /** What a failed schedule leaves behind would disturb the next one. */
  let failedSeed: number | undefined;

  beforeAll(async () => {
    servers = await PrivateServers.start();
    services = await RunningServices.start(servers);
  }, START_MS);
  afterAll(async () => {
    await services?.kill();
    await servers?.stop();
  });

  it.each(Array.from({ length: RUNS }, (_, run) => SEED + run))(
    'should hold in the schedule of GATE_SEED=%i',
    async (seed) => {
      if (failedSeed !== undefined) throw new Error(`was not run, because GATE_SEED=${failedSeed} failed`);
      failedSeed = seed;
      const startedAt = Date.now();
      const guildIds = Array.from({ length: GUILDS }, () => ids.next(30 * DAY_MS));
      const api = () => new ApiClient(services.urls('query')[0]!);
      for (const guildId of guildIds) await api().openGuild(guildId);
      const { deliveries, events, poison } = makeTraffic(seed, EVENTS, guildIds);
      const sender = new Sender(servers.brokerUrl, () => services.urls('query'));
      try {
        await sendAmidFaults(seed, { servers, services, sender, deliveries });
        await services.untilReady();
        expect(services.dead()).toEqual([]);
        await waitFor(async () => (await countStored(servers, guildIds)) >= events.length, {
          what: `${events.length} rows`,
          timeoutMs: DRAIN_MS,
          intervalMs: 200,
        });
        await untilDrained(servers, poison.length);
        expect(await countStored(servers, guildIds)).toBe(events.length);
        await expectAnswers(api(), guildIds, events);
        const repeatedLetters = await expectPoison(servers, poison);

        const good = deliveries.filter((delivery) => !isPoison(delivery, poison));
        await sender.sendAll(good, async () => undefined, new AbortController().signal);
        await untilDrained(servers, 0);
        expect(await countStored(servers, guildIds)).toBe(events.length);
        failedSeed = undefined;
        process.stderr.write(
          `GATE_SEED=${seed}: ${events.length} events stored once, ${poison.length} dead letters, ` +
            `${repeatedLetters} of them repeated, ${sender.repeated} deliveries repeated; ${seconds(startedAt)} s; ${services.memory()}\n`,
        );
      } finally {
        await sender.close();
      }
    },
    RUN_MS,
  );
});

function seconds(startedAt: number): number {
  return Math.round((Date.now() - startedAt) / 1_000);
}

async function untilDrained(servers: PrivateServers, deadLetters: number): Promise<void> {
  const isDrained = async () => {
    const { [DEAD_LETTERS]: dead = 0, ...others } = await servers.queueDepths();
    return Object.values(others).every((depth) => depth === 0) && dead >= deadLetters;
  };
  const what = `empty queues and ${deadLetters} dead letters`;
  await waitFor(isDrained, { what, timeoutMs: DRAIN_MS, intervalMs: 500 });
}

async function countStored(servers: PrivateServers, guildIds: readonly string[]): Promise<number> {
  const sql = 'SELECT count(*)::int AS count FROM statistic_events WHERE guild_id = ANY($1)';
  const [row] = await servers.query<{ count: number }>(sql, [guildIds]);
  return row!.count;
}

interface Sending {
  servers: PrivateServers;
  services: RunningServices;
  sender: Sender;
  deliveries: readonly Delivery[];
}

/** Each step begins when its share of the deliveries was accepted, and lets no more than the next share through. */
async function sendAmidFaults(seed: number, { servers, services, sender, deliveries }: Sending): Promise<void> {
  const steps = schedule(seed);
  const control = new TrafficControl(deliveries.length, steps.length + 1);
  const failed = new AbortController();
  const sending = sender.sendAll(deliveries, () => control.pass(), failed.signal);
  const disturbing = (async () => {
    for (const step of steps) {
      await control.untilShareAccepted(() => sender.accepted);
      const startedAt = Date.now();
      await step.run({ servers, services, whileNothingIsSent: (work) => control.hold(() => sender.accepted, work) });
      process.stderr.write(`GATE_SEED=${seed}: ${step.name} (${seconds(startedAt)} s)\n`);
      control.openNextShare();
    }
  })();
  try {
    await Promise.all([sending, disturbing]);
  } finally {
    failed.abort();
    control.openAll();
    await Promise.allSettled([sending, disturbing]);
  }
}

/** Every record, every digit; and summaries that equal the counts. */
async function expectAnswers(
  api: ApiClient,
  guildIds: readonly string[],
  events: Parameters<typeof expectedRecords>[0],
): Promise<void> {
  for (const guildId of guildIds) {
    const expected = expectedRecords(events.filter(({ body }) => body.guild_id === guildId));
    expect(await readRecords(api, guildId)).toEqual(expected);
    const to = new Date().toISOString();
    const from = new Date(Date.now() - 30 * DAY_MS).toISOString();
    for (const [name, { viewPath }] of Object.entries(CATALOGUE) as [string, StatisticKind][]) {
      const path = `${viewPath.replace(/\/view$/, '')}/summary`;
      const { data } = await api.get<{ total: number }>(path, { guild_id: guildId, from, to });
      expect([name, data.total]).toEqual([name, expected[name]?.length ?? 0]);
    }
  }
}

/**
 * Takes the dead letters. An instance that ends between the publish of a dead letter and its acknowledgement leaves the
 * message to another instance, which publishes the dead letter again.
 *
 * @returns how many came again
 */
async function expectPoison({ brokerUrl }: PrivateServers, poison: readonly string[]): Promise<number> {
  const publisher = await Publisher.connect(brokerUrl);
  try {
    const letters = await publisher.takeDeadLetters();
    const found = letters.map(({ content, properties }) => markIn(content, String(properties.messageId)));
    expect([...new Set(found)].toSorted()).toEqual(poison.toSorted());
    const repeated = found.length - poison.length;
    expect(repeated).toBeLessThanOrEqual(poison.length * MOST_REPEATED_LETTERS);
    return repeated;
  } finally {
    await publisher.close();
  }
}

function markIn(content: Buffer, messageId: string): string {
  return (
    /poison-[0-9a-f-]{36}/.exec(`${messageId} ${content.toString('latin1')}`)?.[0] ?? content.toString().slice(0, 200)
  );
}

function isPoison(delivery: Delivery, poison: readonly string[]): boolean {
  if (delivery.way === 'http') return false;
  return poison.includes(markIn(delivery.content, String(delivery.properties.messageId)));
}
