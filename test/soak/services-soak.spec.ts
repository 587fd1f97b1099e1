import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { DEAD_LETTERS, StatisticsContract, SWITCH_NAMES } from '#libs/contracts';
import { createDataSource } from '#libs/database';
import { countKinds, RollupWorker } from '#libs/statistics';
import { groupKind } from '../../apps/query/src/statistics/summary/group-window.js';
import { ApiClient } from '../harness/api-client.js';
import type { Publisher } from '../harness/publisher.js';
import { SERVICE_KEY, type ServiceProcess } from '../harness/services.js';
import { TestSystem } from '../harness/system.js';
import { waitFor } from '../harness/wait-for.js';
import { ResourceWatch, type Period, type Resources } from './resource-watch.js';

/** `npm run soak` takes ten minutes, `SOAK_SECONDS=3600 npm run soak` an hour. */
const SECONDS = Number(process.env.SOAK_SECONDS ?? 4);
/** A short run is as fast as it can be. In a long one, the tables should not grow more than the services are used. */
const IS_SHORT = SECONDS < 60;
const PAUSE_MS = IS_SHORT ? 0 : 200;
const HAS_PROC = existsSync('/proc/self/fd');
/** In a short run, pools and caches are still filling at the end. */
const IS_WATCHED = HAS_PROC && !IS_SHORT;
/** Memory settles within minutes. */
const IS_MEMORY_JUDGED = IS_WATCHED && SECONDS >= 300;
const describeWatched = IS_WATCHED ? describe : describe.skip;
const describeWithSettledMemory = IS_MEMORY_JUDGED ? describe : describe.skip;
const WATCH_EVERY_MS = 1_000;
const CONTRACT = new StatisticsContract();
const KINDS = ['command.used', 'reminder.created', 'tag.send_timed'].map((name) => CONTRACT.kind(name)!);
const GUILDS = Array.from({ length: 12 }, (_, index) => String(1_300_000_000_000_000_000n + BigInt(index * 37)));
const DAY_MS = 86_400_000;
/** As if everything had settled, so that workers are at the buckets that are being written to. */
const SOON = () => Date.now() + 3 * DAY_MS;

describe('while two ingestion instances write, four workers roll up and the API is asked', () => {
  let system: TestSystem;
  let publisher: Publisher;
  let dataSource: DataSource;
  let query: { api: ApiClient; service: ServiceProcess };
  let snapshots = 0;
  let resources: Record<string, Record<Period, Resources>> = {};
  const published = { messages: 0, events: 0, poison: 0 };
  /** What is published once more later. */
  let again: { kind: string; body: object } | undefined;

  beforeAll(
    async () => {
      system = await TestSystem.create();
      dataSource = await createDataSource({
        url: system.database.url,
        poolSize: 8,
        applicationName: 'soak',
      }).initialize();
      for (const guild of GUILDS) await system.openGuild(guild, SWITCH_NAMES);
      const first = await system.startIngestion();
      const second = await system.startIngestion();
      query = await system.startQuery({ env: { RATE_LIMIT_PER_MINUTE: '0' } });
      publisher = await system.connectPublisher();
      const watch = IS_WATCHED && watchResources({ ingestion: first, 'ingestion 2': second, query: query.service });
      const loading = load(Date.now() + SECONDS * 1_000);
      try {
        // The last rollups may take longer on a busy machine, and nothing is published meanwhile.
        await Promise.race([loading, sleep(SECONDS * 1_000, undefined, { ref: false })]);
      } finally {
        if (watch) resources = await watch.stop();
        if (IS_MEMORY_JUDGED) for (const [name, periods] of Object.entries(resources)) printPeriods(name, periods);
      }
      await loading;
    },
    (SECONDS + 600) * 1_000,
  );
  afterAll(async () => {
    await publisher?.close();
    await dataSource?.destroy();
    await system?.close();
  });

  it('should answer in every snapshot what counting its records gives, late and duplicate events included', async () => {
    expect(snapshots).toBeGreaterThan(0);
    await waitFor(async () => (await system.count('statistic_events')) === published.events, {
      what: `${published.events} events, each once`,
      timeoutMs: 60_000,
      intervalMs: 500,
    });
    expect(await publisher.depth(DEAD_LETTERS)).toBe(published.poison);
    // The services have workers too, and one of them may be at a stripe just now.
    const worker = new RollupWorker(dataSource, CONTRACT);
    await waitFor(
      async () => {
        await worker.run(SOON());
        return (await system.count('statistic_rollup_pending WHERE generation = 1')) === 0;
      },
      { what: 'every mark that was taken to be worked off' },
    );
    await compareSnapshot();
  }, 120_000);

  describeWatched('files and connections', () => {
    it('should not be more than at the beginning', () => {
      expect(Object.keys(resources)).toHaveLength(3);
      for (const { start, end } of Object.values(resources)) {
        expect(end.handles).toBeLessThanOrEqual(start.handles + 2);
        expect(end.postgresConnections).toBeLessThanOrEqual(start.postgresConnections + 1);
        expect(end.brokerConnections).toBeLessThanOrEqual(start.brokerConnections);
      }
    });
  });

  describeWithSettledMemory('memory', () => {
    it('should not be more than at the beginning', () => {
      for (const { start, end } of Object.values(resources)) {
        expect(end.heap).toBeLessThan(start.heap * 1.1);
        expect(end.resident).toBeLessThan(start.resident * 1.1);
      }
    });
  });

  function watchResources(services: Record<string, ServiceProcess>): ResourceWatch {
    const port = (url: string, usual: number) => Number(new URL(url).port || usual);
    const ports = { postgres: port(system.database.url, 5432), broker: port(system.vhost.url, 5672) };
    return new ResourceWatch(services, ports, WATCH_EVERY_MS);
  }

  async function load(until: number): Promise<void> {
    const repeat = async (step: () => Promise<void>) => {
      while (Date.now() < until) {
        await step();
        await sleep(PAUSE_MS);
      }
    };
    const compare = async () => {
      await compareSnapshot();
      snapshots++;
    };
    const rollUp = async () => {
      await new RollupWorker(dataSource, CONTRACT).run(SOON());
    };
    await Promise.all([pour, ask, compare, compare, rollUp, rollUp].map(repeat));
  }

  /** Publishes 250 events: most of them of now, some late, some twice. One message in 50 is no JSON. */
  async function pour(): Promise<void> {
    const sends: Promise<void>[] = [];
    for (let n = 0; n < 50; n++) {
      const kind = KINDS[published.messages % KINDS.length]!.name;
      const body = Array.from({ length: 5 }, (_, index) => makeEvent(published.messages * 5 + index));
      published.events += body.length;
      sends.push(publisher.publish(kind, body));
      if (published.messages % 10 === 0 && again !== undefined) sends.push(publisher.publish(again.kind, again.body));
      if (published.messages % 7 === 0) again = { kind, body };
      published.messages++;
    }
    await Promise.all([...sends, publisher.publish(KINDS[0]!.name, '{')]);
    published.poison++;
  }

  function makeEvent(index: number) {
    const isLate = index % 5 === 0;
    const agoMs = isLate ? ((index * 7_919_000) % (40 * DAY_MS)) + 60_000 : index % 1_000;
    return {
      guild_id: GUILDS[index % GUILDS.length],
      event_id: randomUUID(),
      occurred_at: new Date(Date.now() - agoMs).toISOString(),
      user_id: String(1_000 + (index % 23)),
      command: `c${index % 5}`,
      send_time_delay: index % 1_000,
    };
  }

  /** Asks what clients ask, right and wrong, and records an event. */
  async function ask(): Promise<void> {
    const { api, service } = query;
    const guild = { guild_id: GUILDS[published.messages % GUILDS.length]! };
    const answers = await Promise.all([
      api.get('stats/command/summary', { ...guild, days: 7, group_by: 'user' }),
      api.get('stats/command/view', { ...guild, limit: 100 }),
      api.get('stats/overview', guild),
      api.get('status', guild),
      api.send('POST', 'stats/command/check', { ...guild, command: 'ask', user_id: '1001' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 202]);
    published.events++;
    const wrong = await Promise.all([
      api.get('stats/command/view', { guild_id: 'x' }),
      fetch(`${service.url}/nothing`),
    ]);
    expect(wrong.map(({ status }) => status)).toEqual([400, 404]);
    await download(service.url, guild);
  }

  /** Exports the last ten seconds, on a connection of its own. */
  async function download(serviceUrl: string, guild: Record<string, string>): Promise<void> {
    const from = new Date(Date.now() - 10_000).toISOString();
    const search = new URLSearchParams({ ...guild, from, to: new Date().toISOString(), format: 'csv' });
    const url = `${serviceUrl}/modules/serverstats/stats/command/view?${search}`;
    const options = { agent: false, headers: { authorization: `Bearer ${SERVICE_KEY}` } } as const;
    const body = await new Promise<string>((resolve, reject) => {
      const receive = (response: IncomingMessage) => void text(response).then(resolve, reject);
      get(url, options, receive).once('error', reject);
    });
    expect(body.split('\n', 1)[0]).toContain('command');
  }

  /** Compares everything that a summary tells of one guild with the records of the same snapshot. */
  async function compareSnapshot(): Promise<void> {
    const guildId = GUILDS[Math.floor(Math.random() * GUILDS.length)]!;
    const now = Date.now();
    const window = { from: now - 31 * DAY_MS, to: now };
    const boundaries = [window.from + 15 * DAY_MS + 1, now - 3_600_000];
    const [command] = KINDS as [(typeof KINDS)[0]];
    const { summary, counted, groups, grouped } = await dataSource.transaction('REPEATABLE READ', async (manager) => {
      const kinds = KINDS.map((kind) => kind.number);
      const counts = await countKinds(manager, kinds, { guildId, window, boundaries });
      const of = [guildId, kinds, new Date(window.from), new Date(now)];
      return {
        summary: kinds.map((kind) => counts.get(kind)),
        counted: await manager.query<{ kind: number; cell: number; count: number }[]>(
          `SELECT kind, width_bucket(occurred_at, $5::timestamptz[]) AS cell, count(*)::int AS count FROM statistic_events
           WHERE guild_id = $1 AND kind = ANY ($2) AND occurred_at >= $3 AND occurred_at < $4 GROUP BY 1, 2`,
          [...of, boundaries.map((boundary) => new Date(boundary).toISOString())],
        ),
        groups: await groupKind(manager, command, { guildId, window, dimension: 'user', filter: {}, top: 100 }),
        grouped: await manager.query<{ key: string; count: string }[]>(
          `SELECT user_id AS key, count(*) AS count FROM statistic_events
           WHERE guild_id = $1 AND kind = $2 AND occurred_at >= $3 AND occurred_at < $4
           GROUP BY 1 ORDER BY count DESC, key LIMIT 100`,
          [guildId, command.number, new Date(window.from), new Date(now)],
        ),
      };
    });
    const expected = KINDS.map(({ number }) =>
      [0, 1, 2].map((cell) => counted.find((row) => row.kind === number && row.cell === cell)?.count ?? 0),
    );
    expect(summary).toEqual(expected);
    expect(groups).toEqual(grouped);
  }
});

function printPeriods(service: string, periods: Record<Period, Resources>): void {
  const line = Object.entries(periods).map(([period, { resident, heap, handles, ...connections }]) =>
    [
      `${period}: ${resident.toFixed(1)} MB resident, ${heap.toFixed(1)} MB heap, ${handles} handles`,
      `${connections.postgresConnections} Postgres, ${connections.brokerConnections} RabbitMQ`,
    ].join(', '),
  );
  process.stderr.write(`${[service, ...line].join('\n  ')}\n`);
}
