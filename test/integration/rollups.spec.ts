import type { DataSource } from 'typeorm';
import { CATALOGUE, DIMENSIONS, StatisticsContract, type CompiledKind } from '#libs/contracts';
import { createDataSource, keepPartitions, partitionedTables } from '#libs/database';
import { Eraser } from '#libs/erasure';
import { countKinds, registerKinds, RollupWorker } from '#libs/statistics';
import { countKind } from '../../apps/query/src/statistics/summary/count-window.js';
import { groupKind } from '../../apps/query/src/statistics/summary/group-window.js';
import { SteppedRun } from '../harness/stepped-data-source.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';
import { storeEvents } from '../query/stored-events.js';

const CONTRACT = new StatisticsContract();
const MESSAGE = CONTRACT.kind('message.sent')!;
const COMMAND = CONTRACT.kind('command.used')!;
const TIMED = CONTRACT.kind('tag.send_timed')!;
const BUCKET_MS = 900_000;
const DAY_MS = 86_400_000;
const TODAY = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const DAY = TODAY - 2 * DAY_MS;
const NOON = DAY + DAY_MS / 2;
/** A time at which the 15-minute bucket at noon has settled, but its day has not. */
const THAT_EVENING = NOON + 6 * 3_600_000;
const LATER = TODAY + 3 * DAY_MS;
const WINDOW = { from: DAY - DAY_MS, to: DAY + 2 * DAY_MS };

describe('rollups', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let worker: RollupWorker;
  let ids = 0;
  let guilds = 1_200_000_000_000_000_000n;
  let guildId: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = await createDataSource({ url: database.url, poolSize: 8, applicationName: 'test' }).initialize();
    worker = new RollupWorker(dataSource, CONTRACT);
    guildId = String((guilds += 64n));
  });
  afterEach(async () => {
    await dataSource.destroy();
    await database.release();
  });

  const store = (kind: CompiledKind, events: { at?: number; [column: string]: unknown }[]) =>
    storeEvents(
      database,
      events.map(({ at = NOON, ...event }) => ({
        guildId,
        kind: kind.number,
        occurredAt: new Date(at).toISOString(),
        eventId: `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`,
        ...event,
      })),
    );
  const total = async (kind = MESSAGE) =>
    (await countKinds(dataSource.manager, [kind.number], { guildId, window: WINDOW, boundaries: [] })).get(
      kind.number,
    )![0]!;
  const byUser = async (window = WINDOW) => {
    const query = { guildId, window, dimension: 'user' as const, filter: {}, top: 100 };
    return (await groupKind(dataSource.manager, MESSAGE, query)).map(({ key, count }) => [key, Number(count)]);
  };
  const rows = async (table: string) =>
    Number((await database.query<{ count: string }>(`SELECT count(*) FROM ${table}`))[0]!.count);
  const many = (count: number, at = NOON) =>
    Array.from({ length: count }, (_, index) => ({ at: at + index, userId: String((index % 3) + 1), channelId: '7' }));

  it('should be read instead of the events once they are computed', async () => {
    await store(MESSAGE, many(5));
    await store(TIMED, [{ value: 1_000 }, { value: 3_000 }]);
    await worker.run(LATER);
    await database.query('DELETE FROM statistic_events');
    expect(await total()).toBe(5);
    expect(await byUser()).toEqual([
      ['1', 2],
      ['2', 2],
      ['3', 1],
    ]);
    const timed = await countKind(dataSource.manager, TIMED, { guildId, window: WINDOW, boundaries: [] }, {});
    expect(timed.at(0).delays.statistics()).toMatchObject({ avg: 2, min: 1, max: 3 });
  });

  it('should not be computed before their bucket has settled', async () => {
    await store(MESSAGE, many(2));
    expect(await worker.run(NOON + BUCKET_MS + 59_000)).toMatchObject({ found: 0, buckets: 0, days: 0 });
    expect(await worker.run(NOON + BUCKET_MS + 60_000)).toMatchObject({ found: 1, buckets: 1, days: 0 });
    expect(await worker.run(DAY + DAY_MS + 59_000)).toMatchObject({ found: 0, buckets: 0, days: 0 });
    expect(await worker.run(DAY + DAY_MS + 60_000)).toMatchObject({ found: 1, buckets: 0, days: 1 });
    expect(await rows('statistic_rollup_pending')).toBe(0);
  });

  it('should be exact after the computation of a 15-minute bucket and before that of its day', async () => {
    await store(MESSAGE, many(6));
    await worker.run(THAT_EVENING);
    expect(await total()).toBe(6);
    expect(await byUser()).toEqual([
      ['1', 2],
      ['2', 2],
      ['3', 2],
    ]);
  });

  it('should keep groups of busy 15-minute buckets, and be read from them before the day has settled', async () => {
    await store(MESSAGE, many(300));
    await store(MESSAGE, many(4, NOON + 2 * BUCKET_MS));
    await worker.run(THAT_EVENING);
    await database.query('DELETE FROM statistic_events WHERE occurred_at < $1', [new Date(NOON + BUCKET_MS)]);
    expect(await byUser()).toEqual([
      ['1', 102],
      ['2', 101],
      ['3', 101],
    ]);
    const ofChannel = await countKind(
      dataSource.manager,
      MESSAGE,
      { guildId, window: WINDOW, boundaries: [NOON + BUCKET_MS] },
      { channelId: '7' },
    );
    expect(ofChannel.cells.map(({ count }) => count)).toEqual([300, 4]);
  });

  it('should be computed for kinds that the instance does not collect: taken out of the file, or known to others only', async () => {
    const votes = { 'poll.voted': { ...COMMAND.definition, number: undefined, recordPath: 'a', viewPath: 'a' } };
    const others = new StatisticsContract(CATALOGUE, { kinds: votes, switches: {} });
    await worker.run(LATER); // before the kind exists
    await registerKinds(dataSource, others);
    const voted = others.kind('poll.voted')!;
    await store(voted, [{ userId: '1' }, { userId: '1' }, { userId: '2' }]);
    const unknown = { ...voted, number: 1_999 } as CompiledKind;
    await store(unknown, [{ userId: '1' }]);
    await worker.run(LATER);
    expect(await rows('statistic_rollup_pending')).toBe(0);
    await database.query('DELETE FROM statistic_events');
    const query = { guildId, window: WINDOW, dimension: 'user' as const, filter: {}, top: 100 };
    const groups = await groupKind(dataSource.manager, voted, query);
    expect(groups.map(({ key, count }) => [key, Number(count)])).toEqual([
      ['1', 2],
      ['2', 1],
    ]);
    expect(await total(unknown)).toBe(1);
  });

  it('should include late events in all of their buckets', async () => {
    await store(MESSAGE, many(150));
    await worker.run(LATER);
    await store(MESSAGE, [
      { at: NOON + 1, userId: '9' },
      { at: NOON + BUCKET_MS, userId: '9', flags: 1 },
    ]);
    expect(await total()).toBe(152);
    await worker.run(LATER);
    await database.query('DELETE FROM statistic_events');
    expect(await total()).toBe(152);
    expect(await byUser()).toEqual([
      ['1', 50],
      ['2', 50],
      ['3', 50],
      ['9', 2],
    ]);
    // Events of bots have their own facet.
    const facets = await database.query(
      'SELECT facet, sum(event_count)::int AS n FROM statistic_totals GROUP BY 1 ORDER BY 1',
    );
    expect(facets).toEqual([
      { facet: 0, n: 151 },
      { facet: 1, n: 1 },
    ]);
  });

  it('should be computed once by workers that run at the same time', async () => {
    for (let guild = 0; guild < 5; guild++) {
      guildId = String(BigInt(guildId) + 1n);
      await store(MESSAGE, many(20));
    }
    const outcomes = await Promise.all([1, 2, 3].map(() => new RollupWorker(dataSource, CONTRACT).run(LATER)));
    expect(outcomes.reduce((sum, { buckets }) => sum + buckets, 0)).toBe(5);
    await worker.run(LATER);
    expect(await rows('statistic_rollup_pending')).toBe(0);
    expect(await total()).toBe(20);
  });

  it('should be computed for all guilds except the one that fails, which is retried after a pause', async () => {
    const failing = guildId;
    const guilds = [0, 1, 2, 3].map((step) => String(BigInt(failing) + BigInt(64 * step)));
    for (const guild of guilds) {
      guildId = guild;
      await store(MESSAGE, many(20));
    }
    await database.query(
      `ALTER TABLE statistic_totals ADD CONSTRAINT no_totals CHECK (guild_id <> ${failing} OR event_count < 20)`,
    );
    const first = await worker.run(LATER);
    expect(first.failures).toMatchObject([{ guildId: failing, error: { code: '23514' } }]);
    expect(first.buckets).toBe(3);
    expect(await rows('statistic_totals')).toBe(3);
    expect((await worker.run(LATER + 5_000)).failures).toEqual([]);
    expect((await worker.run(LATER + 10_000)).failures).toHaveLength(1);
    await database.query('ALTER TABLE statistic_totals DROP CONSTRAINT no_totals');
    expect(await worker.run(LATER + 30_000)).toMatchObject({ buckets: 1, failures: [] });
    expect(await rows('statistic_rollup_pending')).toBe(0);
  });

  it('should fail once, and delay no guild, while the database refuses writes', async () => {
    for (const step of [0, 1, 2, 3]) {
      guildId = String(BigInt(guildId) + BigInt(64 * step));
      await store(MESSAGE, many(20));
    }
    await database.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE 'no room' USING ERRCODE = '53100'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON statistic_totals FOR EACH STATEMENT EXECUTE FUNCTION refuse()`);
    await expect(worker.run(LATER)).rejects.toMatchObject({ code: '53100' });
    await database.query('DROP TRIGGER refuse ON statistic_totals');
    expect(await worker.run(LATER + 5_000)).toMatchObject({ buckets: 4, failures: [] });
  });

  it('should be computed by another worker after a worker dies', async () => {
    await store(MESSAGE, many(20));
    const stepped = await createDataSource({ url: database.url, poolSize: 2, applicationName: 'dying' }).initialize();
    const dying = new SteppedRun(stepped, () => new RollupWorker(stepped, CONTRACT).run(LATER));
    // Stops after the marks are claimed and before rollups are computed.
    while (!(await dying.next())!.startsWith('DELETE FROM statistic_totals')) await dying.step(async () => false);
    const death = dying.finish().catch((error: unknown) => error);
    await database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dying' AND datname = current_database()`,
    );
    expect(await death).toBeInstanceOf(Error);
    expect(await total()).toBe(20);
    await worker.run(LATER);
    expect(await rows('statistic_rollup_pending')).toBe(0);
    expect(await rows('statistic_totals')).toBe(1);
    await stepped.destroy();
  });

  it('should not contain an erased member from the moment of the erasure', async () => {
    await store(MESSAGE, many(150));
    await store(COMMAND, [{ userId: '2', label: 'x' }]);
    await worker.run(LATER);
    const groupsWithMember = async () =>
      rows(`statistic_groups WHERE dimension = ${DIMENSIONS.user.number} AND '2'::bigint = ANY (ids)`);
    expect(await groupsWithMember()).toBe(3);
    await new Eraser(dataSource).eraseMember(guildId, '2');
    expect(await groupsWithMember()).toBe(0);
    expect(await byUser()).toEqual([
      ['1', 50],
      ['3', 50],
      [null, 50],
    ]);
    await worker.run(LATER);
    expect(await groupsWithMember()).toBe(0);
    expect(await byUser()).toEqual([
      ['1', 50],
      ['3', 50],
      [null, 50],
    ]);
    expect(await total()).toBe(150);
  });

  it('should be deleted with an erased guild, even while a worker computes them', async () => {
    await store(MESSAGE, many(150));
    const stepped = await createDataSource({ url: database.url, poolSize: 2, applicationName: 'stepped' }).initialize();
    const running = new SteppedRun(stepped, () => new RollupWorker(stepped, CONTRACT).run(LATER));
    while (!(await running.next())!.startsWith('INSERT INTO statistic_groups')) await running.step(async () => false);
    let isErased = false;
    const erasure = new Eraser(dataSource).eraseGuild(guildId).then(() => (isErased = true));
    await waitFor(
      async () => (await rows(`pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)) > 0,
      { what: 'the erasure to wait for a lock' },
    );
    expect(isErased).toBe(false);
    await running.finish();
    await erasure;
    for (const table of ['statistic_events', 'statistic_totals', 'statistic_groups', 'statistic_rollup_pending']) {
      expect([table, await rows(table)]).toEqual([table, 0]);
    }
    await stepped.destroy();
  });

  describe('after the retention of the events', () => {
    const [events, groups, totals] = ['statistic_events', 'statistic_groups', 'statistic_totals'].map((name) =>
      partitionedTables({ eventDays: 62, summaryDays: 400 }).find(({ table }) => table === name)!,
    ) as [ReturnType<typeof partitionedTables>[0], never, never];
    const nameOf = (table: string) => `${table}_${new Date(DAY).toISOString().slice(0, 10).replaceAll('-', '')}`;
    const afterRetention = new Date(DAY + 63 * DAY_MS);

    it('should keep the partition of a day that still has stale marks', async () => {
      await store(MESSAGE, many(3));
      const { busy } = await keepPartitions(dataSource, events, afterRetention);
      expect(busy).toEqual([nameOf('statistic_events')]);
      await worker.run(LATER);
      expect((await keepPartitions(dataSource, events, afterRetention)).dropped).toContain(nameOf('statistic_events'));
      expect(await total()).toBe(3);
    });

    it('should drop the groups of a day with its events, and keep its totals', async () => {
      await store(MESSAGE, many(3));
      await worker.run(LATER);
      for (const table of [events, groups, totals] as const) await keepPartitions(dataSource, table, afterRetention);
      expect(await rows('statistic_events')).toBe(0);
      expect(await rows('statistic_groups')).toBe(0);
      expect(await rows('statistic_totals')).toBe(1);
      const { dropped } = await keepPartitions(dataSource, totals, new Date(DAY + 432 * DAY_MS));
      expect(dropped).toContain(nameOf('statistic_totals').slice(0, -2));
    });

    it('should not be computed again from deleted events', async () => {
      await store(MESSAGE, many(3));
      await worker.run(LATER);
      await keepPartitions(dataSource, events, afterRetention);
      // The retention is raised, and a late event of that day is stored.
      const raised = partitionedTables({ eventDays: 200, summaryDays: 400 }).find(
        ({ table }) => table === events.table,
      )!;
      await keepPartitions(dataSource, raised, afterRetention);
      await store(MESSAGE, [{ at: NOON }]);
      await worker.run(afterRetention.getTime());
      expect(await rows('statistic_rollup_pending')).toBe(0);
      expect(await total()).toBe(3);
    });

    it('should block dropping the events that a worker reads, and stay exact', async () => {
      await store(MESSAGE, many(3));
      await worker.run(LATER);
      await store(MESSAGE, [{ at: NOON + 1 }]);
      const stepped = await createDataSource({ url: database.url, poolSize: 2, applicationName: 'slow' }).initialize();
      const running = new SteppedRun(stepped, () => new RollupWorker(stepped, CONTRACT).run(LATER));
      while (!(await running.next())!.startsWith('DELETE FROM statistic_totals')) await running.step(async () => false);
      // Like another instance that found no marks a moment ago.
      const drop = database.query(`SET lock_timeout = '100ms'; DROP TABLE ${nameOf('statistic_events')}`);
      await expect(drop).rejects.toThrow('lock timeout');
      await running.finish();
      expect(await total()).toBe(4);
      await stepped.destroy();
    });

    it('should leave no events in the default partition that are older than the retention', async () => {
      await keepPartitions(dataSource, events, afterRetention);
      await store(MESSAGE, [{ at: NOON }]);
      expect(await rows('statistic_events_default')).toBe(1);
      await keepPartitions(dataSource, events, afterRetention);
      expect(await rows('statistic_events_default')).toBe(0);
    });
  });
});
