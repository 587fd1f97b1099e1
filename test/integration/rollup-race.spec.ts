import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { StatisticsContract } from '#libs/contracts';
import { createDataSource, lockStripesShared } from '#libs/database';
import { countKinds, RollupWorker } from '#libs/statistics';
import { IS_LONG } from '../harness/long-forms.js';
import { SteppedRun } from '../harness/stepped-data-source.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';

const CONTRACT = new StatisticsContract();
const KIND = CONTRACT.kind('command.used')!;
const GUILD = '81384788765712384';
const HOUR_MS = 3_600_000;
/** Yesterday at noon. */
const AT = new Date(Math.floor(Date.now() / (24 * HOUR_MS)) * 24 * HOUR_MS - 12 * HOUR_MS + 60_000);
/** The 15-minute bucket has settled, but its day has not. */
const AN_HOUR_LATER = AT.getTime() + HOUR_MS;
/** Both have settled. */
const DAYS_LATER = AT.getTime() + 48 * HOUR_MS;

/**
 * The race: a transaction commits an event while a worker computes the rollup of its bucket. If the worker does not see
 * the event, but removes the mark that the event created or found, the event is missing from every summary.
 *
 * The worker stops before each of its statements. Before one of them another connection inserts the event, and before
 * the same or a later one it commits. `npm run faults` tries every such order. The short form tries a sixth of them,
 * and uses every statement for the insert and for the commit.
 */
describe('an event that is committed while the worker computes its bucket', () => {
  let database: TestDatabase;
  let workers: DataSource;
  let others: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    [workers, others] = (await Promise.all(
      ['worker', 'ingest'].map((applicationName) =>
        createDataSource({ url: database.url, poolSize: 4, applicationName }).initialize(),
      ),
    )) as [DataSource, DataSource];
  });
  afterAll(async () => {
    await Promise.all([workers.destroy(), others.destroy()]);
    await database.release();
  });

  it.each([
    ['a bucket without a mark', false, AN_HOUR_LATER],
    ['a bucket that is already stale', true, AN_HOUR_LATER],
    ['a bucket whose day is stale too', true, DAYS_LATER],
  ])('should never be lost in any order of statements: %s', async (_, isMarked, now) => {
    const statements = await statementsOfARun(isMarked, now);
    expect(statements).toBeGreaterThan(10);
    // The previous case has already tried the statements of the 15-minute bucket.
    const first = now === DAYS_LATER ? Math.floor(statements / 2) : 0;
    for (let ingestAt = first; ingestAt < statements; ingestAt++) {
      for (let commitAt = ingestAt; commitAt <= statements; commitAt++) {
        if (IS_LONG || (commitAt - ingestAt) % 6 === 0) await tryOrder(isMarked, now, ingestAt, commitAt);
      }
    }
  });

  async function tryOrder(isMarked: boolean, now: number, ingestAt: number, commitAt: number): Promise<void> {
    await leaveStale(isMarked);
    const isExact = async (when: string) => {
      const found = await difference();
      expect(`ingest at ${ingestAt}, commit at ${commitAt}, ${when}: ${found}`).toMatch(/: 0$/);
    };
    const worker = new SteppedRun(workers, () => new RollupWorker(workers, CONTRACT).run(now));
    const ingest = new Ingest(others);
    try {
      for (let statement = 0, outcome = 'next'; outcome !== 'done'; statement++) {
        if (statement === ingestAt) ingest.begin();
        const hasBegun = await ingest.begunOrWaiting(() => isWaiting('ingest'));
        if (hasBegun && statement >= commitAt && (await ingest.commit())) {
          await isExact(`before statement ${statement}`);
        }
        const isCommit = (await worker.next()) === 'COMMIT';
        outcome = await worker.step(() => isWaiting('worker'));
        if (outcome === 'waits for a lock') await ingest.commit();
        else if (isCommit && ingest.hasCommitted) await isExact(`after statement ${statement}`);
      }
    } finally {
      const finished = worker.finish();
      await ingest.commit();
      await finished;
    }
    await isExact('after the run');
    await new RollupWorker(workers, CONTRACT).run(now);
    await isExact('after the next run');
    expect(await database.query('SELECT FROM statistic_rollup_pending WHERE span = 15')).toEqual([]);
  }

  async function statementsOfARun(isMarked: boolean, now: number): Promise<number> {
    await leaveStale(isMarked);
    const worker = new SteppedRun(workers, () => new RollupWorker(workers, CONTRACT).run(now));
    for (let statements = 1; ; statements++) if ((await worker.step(async () => false)) === 'done') return statements;
  }

  /** Rolls up everything, and adds one event for the worker to roll up: in the bucket of the race, or elsewhere. */
  async function leaveStale(isMarked: boolean): Promise<void> {
    await new RollupWorker(workers, CONTRACT).run(DAYS_LATER);
    const at = isMarked ? AT : new Date(AT.getTime() - HOUR_MS);
    await others.transaction((manager) => insertEvent(manager, at));
  }

  /** The difference between the summary and the count of the events in the same snapshot. */
  function difference(): Promise<number> {
    return others.transaction('REPEATABLE READ', async (manager) => {
      const window = { from: AT.getTime() - 24 * HOUR_MS, to: AT.getTime() + 24 * HOUR_MS };
      const counts = await countKinds(manager, [KIND.number], { guildId: GUILD, window, boundaries: [] });
      const [row] = await manager.query<{ count: number }[]>('SELECT count(*)::int AS count FROM statistic_events');
      return counts.get(KIND.number)![0]! - row!.count;
    });
  }

  async function isWaiting(applicationName: string): Promise<boolean> {
    const rows = await database.query(
      `SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = $1 AND wait_event_type = 'Lock'`,
      [applicationName],
    );
    return rows.length > 0;
  }
});

/** The transaction of the writer, which stops before its commit. */
class Ingest {
  private runner?: QueryRunner;
  private beginning?: Promise<void>;
  private hasBegun = false;
  hasCommitted = false;

  constructor(private readonly dataSource: DataSource) {}

  begin(): void {
    this.beginning = this.insert().then(() => void (this.hasBegun = true));
  }

  /** @returns false if the insert was not started, or if it waits for a lock */
  async begunOrWaiting(isWaiting: () => Promise<boolean>): Promise<boolean> {
    if (this.beginning === undefined || this.hasBegun) return this.hasBegun;
    await waitFor(async () => this.hasBegun || (await isWaiting()), { what: 'the insert', intervalMs: 0 });
    return this.hasBegun;
  }

  /** @returns whether it has committed now */
  async commit(): Promise<boolean> {
    await this.beginning;
    const { runner } = this;
    this.runner = undefined;
    await runner?.commitTransaction();
    await runner?.release();
    this.hasCommitted ||= runner !== undefined;
    return runner !== undefined;
  }

  private async insert(): Promise<void> {
    this.runner = this.dataSource.createQueryRunner();
    await this.runner.startTransaction();
    await lockStripesShared(this.runner.manager, [GUILD]);
    await insertEvent(this.runner.manager, AT);
  }
}

async function insertEvent(manager: EntityManager, at: Date): Promise<void> {
  await manager.query(
    `INSERT INTO statistic_events (guild_id, kind, occurred_at, event_id) VALUES ($1, $2, $3, gen_random_uuid())`,
    [GUILD, KIND.number, at],
  );
  await manager.query(
    `INSERT INTO statistic_rollup_pending (guild_id, kind, bucket) VALUES ($1, $2, date_bin('15 minutes', $3, 'epoch'))
     ON CONFLICT DO NOTHING`,
    [GUILD, KIND.number, at],
  );
}
