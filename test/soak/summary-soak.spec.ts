import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { StatisticsContract, SWITCH_NAMES } from '#libs/contracts';
import { createDataSource } from '#libs/database';
import { RollupWorker } from '#libs/statistics';
import { countKinds } from '../../apps/query/src/statistics/summary/count-window.js';
import { groupKind } from '../../apps/query/src/statistics/summary/group-window.js';
import type { Publisher } from '../harness/publisher.js';
import { TestSystem } from '../harness/system.js';
import { waitFor } from '../harness/wait-for.js';

/** `npm run soak` takes ten minutes, `SOAK_SECONDS=3600 npm run soak` an hour. */
const SECONDS = Number(process.env.SOAK_SECONDS ?? 4);
const CONTRACT = new StatisticsContract();
const KINDS = ['command.used', 'reminder.created', 'tag.send_timed'].map((name) => CONTRACT.kind(name)!);
const GUILDS = Array.from({ length: 12 }, (_, index) => String(1_300_000_000_000_000_000n + BigInt(index * 37)));
const DAY_MS = 86_400_000;
/** As if everything had settled, so that workers are at the buckets that are being written to. */
const SOON = () => Date.now() + 3 * DAY_MS;

describe('while two ingestion instances write and four workers roll up', () => {
  let system: TestSystem;
  let publisher: Publisher;
  let dataSource: DataSource;

  beforeAll(async () => {
    system = await TestSystem.create();
    dataSource = await createDataSource({
      url: system.database.url,
      poolSize: 8,
      applicationName: 'soak',
    }).initialize();
    for (const guild of GUILDS) await system.openGuild(guild, SWITCH_NAMES);
    await Promise.all([system.startIngestion(), system.startIngestion()]);
    publisher = await system.connectPublisher();
  });
  afterAll(async () => {
    await publisher.close();
    await dataSource.destroy();
    await system.close();
  });

  it(
    'should answer in every snapshot what counting its records gives, late and duplicate events included',
    async () => {
      const until = Date.now() + SECONDS * 1_000;
      const isOver = () => Date.now() >= until;
      const published = { messages: 0, events: new Set<string>() };
      let snapshots = 0;
      const comparing = async () => {
        while (!isOver()) {
          await compareSnapshot();
          snapshots++;
        }
      };
      const rollingUp = async () => {
        const worker = new RollupWorker(dataSource, CONTRACT);
        while (!isOver()) await worker.run(SOON());
      };
      await Promise.all([pour(isOver, published), comparing(), comparing(), rollingUp(), rollingUp()]);
      expect(snapshots).toBeGreaterThan(SECONDS);

      await waitFor(async () => (await system.count('statistic_events')) === published.events.size, {
        what: `${published.events.size} events, each once`,
        timeoutMs: 60_000,
      });
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
    },
    (SECONDS + 120) * 1_000,
  );

  /** Publishes as fast as the broker confirms: most of it of now, some late, some twice. */
  async function pour(isOver: () => boolean, published: { messages: number; events: Set<string> }): Promise<void> {
    let again: { kind: string; body: object } | undefined;
    while (!isOver()) {
      const sends: Promise<void>[] = [];
      for (let n = 0; n < 50; n++) {
        const kind = KINDS[published.messages % KINDS.length]!.name;
        const body = Array.from({ length: 5 }, (_, index) => makeEvent(published.messages * 5 + index));
        for (const { event_id: id } of body) published.events.add(`${kind} ${id}`);
        sends.push(publisher.publish(kind, body));
        if (published.messages % 10 === 0 && again !== undefined) sends.push(publisher.publish(again.kind, again.body));
        if (published.messages % 7 === 0) again = { kind, body };
        published.messages++;
      }
      await Promise.all(sends);
    }
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

  /** Compares everything that a summary tells of one guild with the records of the same snapshot. */
  async function compareSnapshot(): Promise<void> {
    const guildId = GUILDS[Math.floor(Math.random() * GUILDS.length)]!;
    const now = Date.now();
    const window = { from: now - 31 * DAY_MS, to: now };
    const boundaries = [window.from + 15 * DAY_MS + 1, now - 3_600_000];
    const [command] = KINDS as [(typeof KINDS)[0]];
    const { summary, counted, groups, grouped } = await dataSource.transaction('REPEATABLE READ', async (manager) => {
      const tallies = await countKinds(manager, KINDS, { guildId, window, boundaries });
      const of = [guildId, KINDS.map((kind) => kind.definition.number), new Date(window.from), new Date(now)];
      return {
        summary: KINDS.map((kind) => tallies.get(kind.definition.number)!.cells.map(({ count }) => count)),
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
          [guildId, command.definition.number, new Date(window.from), new Date(now)],
        ),
      };
    });
    const expected = KINDS.map(({ definition }) =>
      [0, 1, 2].map((cell) => counted.find((row) => row.kind === definition.number && row.cell === cell)?.count ?? 0),
    );
    expect(summary).toEqual(expected);
    expect(groups).toEqual(grouped);
  }
});
