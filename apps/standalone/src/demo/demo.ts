import { loadIngestionConfig, type IngestionConfig } from '#libs/config';
import { CATALOGUE, StatisticsContract } from '#libs/contracts';
import { withProgress } from '#libs/progress';
import { systemClock } from '#libs/timing';
import { aborted } from '../condition.js';
import type { RunningSystem } from '../standalone.js';
import { reachable } from '../start-block.js';
import { describeDemo } from './demo-block.js';
import { DemoEvents } from './made-up-guild/demo-events.js';
import { ModuleApi } from './module-api.js';
import { backdateCollection, enableGuild, obtainGuildKey } from './prepare-guild.js';
import { AmqpSink } from './publishing/amqp-sink.js';
import { EventPublisher } from './publishing/event-publisher.js';
import type { EventSink } from './publishing/event-sink.js';
import { HttpSink } from './publishing/http-sink.js';

const DAY_MS = 86_400_000;
/** Publishing takes a while, and events beyond the retention are refused. */
const RETENTION_MARGIN_MS = 3_600_000;
/** How long published events may take to be stored. */
const STORED_WITHIN_MS = 30_000;
const POLL_INTERVAL_MS = 250;

export interface DemoOptions {
  /** How many days of history, up to 30. Fewer if `RETENTION_DAYS` is less. */
  days: number;
}

/**
 * Fills a running system with the history of a made-up guild, and publishes its new events until a stop is requested.
 * Events that an earlier demo has published are published again and not stored twice.
 */
export async function runDemo(system: RunningSystem, { days }: DemoOptions): Promise<void> {
  const { stopRequested, say } = system;
  const url = reachable(system.url);
  const api = new ModuleApi(url, system.serviceKey);
  const contract = new StatisticsContract(CATALOGUE, configOf(system).ownStatistics);
  const demo = new DemoEvents({ contract });
  const to = Date.now();
  const from = Math.max(to - days * DAY_MS, to - retentionMs(system) + RETENTION_MARGIN_MS);

  await enableGuild(api, demo.guildId, Object.keys(contract.switches));
  await backdateCollection(system, demo.guildId, new Date(from));
  const key = await obtainGuildKey(api, demo.guildId, system.file('demo-key'));

  const sink = openSink(system, api, contract);
  try {
    const startedAt = performance.now();
    const counts = countEvents(demo, from, to);
    say(`Publishing ${counts.all} events of the guild ${demo.guildId}`);
    const progress = { size: counts.all, visited: 0 };
    const publisher = new EventPublisher(sink, stopRequested, say);
    await withProgress(progress, () => publisher.publishAll(demo.between(from, to), () => progress.visited++));
    if (stopRequested.aborted) return;
    const stored = await untilStored(api, demo.guildId, { from, to, count: counts.statistics, stopRequested });
    if (stopRequested.aborted) return;
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    const missing = counts.statistics - stored;
    const history = { events: counts.all, missing, days: Math.ceil((to - from) / DAY_MS), seconds };
    say(describeDemo({ url, guildId: demo.guildId, key, history }));
    await publisher.publishLive(demo.between(to, Infinity));
  } finally {
    await sink.close();
  }
}

function retentionMs(system: RunningSystem): number {
  return configOf(system).retention.eventDays * DAY_MS;
}

function configOf({ env }: RunningSystem): IngestionConfig {
  return loadIngestionConfig(env, { withoutBroker: true });
}

function openSink({ broker, handover }: RunningSystem, api: ModuleApi, contract: StatisticsContract): EventSink {
  switch (broker.kind) {
    case 'private':
      return new AmqpSink([broker.url]);
    case 'configured':
      return new AmqpSink(broker.urls);
    case 'none':
      return new HttpSink(api, handover!, contract);
  }
}

function countEvents(demo: DemoEvents, from: number, to: number): { all: number; statistics: number } {
  const counts = { all: 0, statistics: 0 };
  for (const { name } of demo.between(from, to)) {
    counts.all++;
    if (name !== 'guild.snapshot') counts.statistics++;
  }
  return counts;
}

interface Expected {
  /** Unix milliseconds. */
  from: number;
  to: number;
  /** How many statistics. */
  count: number;
  stopRequested: AbortSignal;
}

/** Waits until so many statistics can be read. @returns how many can; fewer if it takes too long */
async function untilStored(api: ModuleApi, guildId: string, expected: Expected): Promise<number> {
  const { from, to, count, stopRequested } = expected;
  const window = new URLSearchParams({
    guild_id: guildId,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
  });
  for (const deadline = Date.now() + STORED_WITHIN_MS; ;) {
    const { status, data } = await api.call<{ kinds: { total: number }[] }>('GET', `stats/overview?${window}`);
    const stored = status === 200 ? data.kinds.reduce((sum, { total }) => sum + total, 0) : 0;
    if (stored >= count || stopRequested.aborted || Date.now() > deadline) return Math.min(stored, count);
    await Promise.race([systemClock.sleep(POLL_INTERVAL_MS), aborted(stopRequested)]);
  }
}
