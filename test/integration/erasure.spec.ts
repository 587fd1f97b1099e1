import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { DIMENSIONS, StatisticsContract, SWITCH_NAMES, type StatisticEvent } from '#libs/contracts';
import { createDataSource, keepPartitions, lockStripe, partitionedTables } from '#libs/database';
import {
  dropExpiredTombstones,
  Eraser,
  ErasureUnfinishedError,
  isGuildErasureUnfinished,
  WHOLE_GUILD,
  type MemberReferences,
} from '#libs/erasure';
import { countKinds, RollupWorker, storeInDays } from '#libs/statistics';
import { StatisticsMetrics } from '../../apps/ingestion/src/statistics/statistics.metrics.js';
import { StatisticsWriter } from '../../apps/ingestion/src/statistics/statistics.writer.js';
import { groupKind } from '../../apps/query/src/statistics/summary/group-window.js';
import { SteppedRun } from '../harness/stepped-data-source.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';

const CONTRACT = new StatisticsContract();
const MESSAGE = CONTRACT.kind('message.sent')!;
const COMMAND = CONTRACT.kind('command.used')!;
const DAY_MS = 86_400_000;
const BUCKET_MS = 900_000;
const NOON = Math.floor(Date.now() / DAY_MS) * DAY_MS - 3.5 * DAY_MS;
const LATER = Date.now() + 3 * DAY_MS;
const WINDOW = { from: NOON - 5 * DAY_MS, to: NOON + 10 * DAY_MS };
const MEMBER = '77';
const OTHER = '78';
/** The numbers of events in a guild of these tests. */
const [BY_MEMBER, BY_OTHER] = [8, 5];
const SMALL_STEPS = { memberEvents: 3, guildRows: 600 };

describe('erasure', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let writer: StatisticsWriter;
  let worker: RollupWorker;
  const stepped: DataSource[] = [];
  let guilds = 1_300_000_000_000_000_000n;
  let guildId: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await createDataSource({ url: database.url, poolSize: 8, applicationName: 'test' }).initialize();
    writer = new StatisticsWriter(dataSource, CONTRACT, new StatisticsMetrics(new Registry()));
    worker = new RollupWorker(dataSource, CONTRACT);
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.release();
  });
  beforeEach(async () => {
    guildId = await openGuild();
  });
  afterEach(async () => {
    await Promise.all(stepped.splice(0).map((source) => source.destroy()));
  });

  describe('of a member with few events', () => {
    it('should be one transaction, so that readers see all of it or nothing', async () => {
      await storeFew();
      const { run } = await startStepped((eraser) => eraser.eraseMember(guildId, MEMBER), { memberEvents: 100 });
      let commits = 0;
      for (let outcome = 'next'; outcome !== 'done'; outcome = await run.step(async () => false)) {
        const seen = [await eventsOfMember(), await rows('erasures'), await rows('starboard_entries')];
        expect([[BY_MEMBER, 0, 1].join(), [0, 0, 0].join()][commits]).toBe(seen.join());
        if ((await run.next()) === 'COMMIT') commits++;
      }
      expect(commits).toBe(1);
      expect(await eventsOfMember()).toBe(0);
    });

    it('should return what it has erased, and nothing the second time', async () => {
      await storeFew();
      const eraser = new Eraser(dataSource);
      expect(flat(await eraser.eraseMember(guildId, MEMBER))).toEqual({ 1: 3, 2: 5, starboard: 1 });
      expect(flat(await eraser.eraseMember(guildId, MEMBER))).toEqual({ starboard: 0 });
    });
  });

  describe('of a member in several guilds', () => {
    it('should begin in all of them or in none, and be finished by another process if its process dies', async () => {
      for (const died of ['before', 'after']) {
        const first = await openGuild();
        const guildIds = [first, await openGuild(), await openGuild(first)];
        for (guildId of guildIds) await storeFew();
        const dying = new AbortController();
        const { signal } = dying;
        const { run, kill } = await startStepped(
          (eraser) => eraser.eraseMemberIn(guildIds, MEMBER, { signal }),
          SMALL_STEPS,
        );
        while ((await run.next()) !== 'COMMIT') await run.step(async () => false);
        if (died === 'after') await run.step(async () => false);
        dying.abort();
        await kill();
        const left = { tombstones: 0, jobs: 0 };
        for (guildId of guildIds) {
          left.tombstones += await rows('erasure_tombstones');
          left.jobs += await rows('erasures');
        }
        const expected = died === 'after' ? 3 : 0;
        expect({ died, ...left }).toEqual({ died, tombstones: expected, jobs: expected });
        expect(await new Eraser(dataSource).finishAll(new AbortController().signal, fail)).toBe(expected);
        for (guildId of died === 'after' ? guildIds : []) await expectErased();
      }
    });

    it('should not be continued by instances of an older version, which would erase only events', async () => {
      await storeFew();
      const dying = new AbortController();
      const { signal } = dying;
      const { run, kill } = await startStepped(
        (eraser) => eraser.eraseMemberIn([guildId], MEMBER, { signal }),
        SMALL_STEPS,
      );
      while ((await run.next()) !== 'COMMIT') await run.step(async () => false);
      await run.step(async () => false);
      dying.abort();
      await kill();
      const [job] = await database.query<{ position: string | null }>(
        'SELECT position FROM erasures WHERE guild_id = $1',
        [guildId],
      );
      // The older version reads the position as a time, and null as the beginning.
      const begins = database.query('SELECT $1::timestamptz', [job!.position ?? '-infinity']);
      await expect(begins).rejects.toThrow('invalid input syntax');
      expect(await new Eraser(dataSource).finishAll(new AbortController().signal, fail)).toBe(1);
      await expectErased();
    });

    it('should return what it has erased, by guild', async () => {
      const guildIds = [guildId, await openGuild()];
      await storeFew();
      const erased = await new Eraser(dataSource, SMALL_STEPS).eraseMemberIn(guildIds, MEMBER);
      expect([...erased].map(([guild, references]) => [guild, flat(references)])).toEqual([
        [guildIds[0], { 1: 3, 2: 5, starboard: 1 }],
        [guildIds[1], { starboard: 0 }],
      ]);
    });
  });

  describe('of a member with many events', () => {
    it('should return the sum of all steps', async () => {
      await storeFew();
      const erased = await new Eraser(dataSource, SMALL_STEPS).eraseMember(guildId, MEMBER);
      expect(flat(erased)).toEqual({ 1: 3, 2: 5, starboard: 1 });
      await expectErased();
    });

    it('should finish if many events occurred at the same time', async () => {
      await writer.write(Array.from({ length: 20 }, () => anEvent(COMMAND, MEMBER, NOON)));
      const erased = await new Eraser(dataSource, SMALL_STEPS).eraseMember(guildId, MEMBER);
      expect(flat(erased)).toEqual({ 1: 20, starboard: 0 });
      expect(await eventsOfMember()).toBe(0);
    });

    it('should be resumed wherever its process dies, with exact summaries meanwhile', async () => {
      const statements = await countStatements();
      expect(statements).toBeGreaterThan(20);
      for (let died = 1; died < statements; died++) {
        guildId = await openGuild();
        await storeFew();
        await worker.run(LATER);
        const { run, kill } = await startStepped((eraser) => eraser.eraseMember(guildId, MEMBER), SMALL_STEPS);
        let commits = 0;
        for (let done = 0; done < died; done++) {
          if ((await run.next()) === 'COMMIT') commits++;
          await run.step(async () => false);
        }
        await kill();
        const unfinished = await rows('erasures');
        await expectExact(`dead after ${died} statements`);
        if (died % 3 === 0) await worker.run(LATER);
        await expectExact(`dead after ${died} statements, rolled up`);
        const byMaintenance = died % 2 === 0 && commits > 0;
        const isFinished = commits > 0 && unfinished === 0;
        const answer = isFinished ? { starboard: 0 } : { 1: 3, 2: 5, starboard: 1 };
        expect([died, await resume(byMaintenance)]).toEqual([died, byMaintenance ? unfinished : answer]);
        await expectErased();
      }
    }, 300_000);

    /**
     * Resumes the erasure as maintenance does, or by requesting it again.
     *
     * @returns the number of finished erasures, or the response: the sum of all steps, also of those before the death
     */
    async function resume(byMaintenance: boolean): Promise<unknown> {
      const other = new Eraser(dataSource, SMALL_STEPS);
      if (byMaintenance) return other.finishAll(new AbortController().signal, fail);
      return flat(await other.eraseMember(guildId, MEMBER));
    }

    it('should let other transactions run between two steps, but not during one', async () => {
      await storeFew();
      const neighbour = await openGuild(guildId);
      const { run } = await startStepped((eraser) => eraser.eraseMember(guildId, MEMBER), SMALL_STEPS);
      await stepPast(run, 'COMMIT');
      expect(await writer.write([anEvent(COMMAND, OTHER, NOON, neighbour)])).toMatchObject({ stored: 1 });
      await stepPast(run, 'SELECT pg_advisory_xact_lock');
      const writing = writer.write([anEvent(COMMAND, OTHER, NOON, neighbour)]);
      await waitFor(() => isWaiting('test'), { what: 'the writer to wait for a lock' });
      await run.finish();
      expect(await writing).toMatchObject({ stored: 1 });
    });

    it('should keep later events of the member, and refuse earlier ones', async () => {
      await storeFew();
      const { run } = await startStepped((eraser) => eraser.eraseMember(guildId, MEMBER), SMALL_STEPS);
      await stepPast(run, 'COMMIT');
      const [tombstone] = await database.query<{ before: Date }>(
        'SELECT before FROM erasure_tombstones WHERE guild_id = $1',
        [guildId],
      );
      const later = tombstone!.before.getTime() + 1;
      const outcome = await writer.write([
        anEvent(COMMAND, MEMBER, NOON - DAY_MS),
        anEvent(COMMAND, MEMBER, NOON + 1),
        anEvent(COMMAND, MEMBER, later),
        anEvent(MESSAGE, MEMBER, later),
      ]);
      expect(outcome).toEqual({ stored: 2, duplicate: 0, unwanted: 2 });
      await run.finish();
      expect(await eventsOfMember()).toBe(2);
      expect(await rows('erasures')).toBe(0);
    });

    it('should be done once by concurrent requests and maintenance', async () => {
      await storeFew();
      const answers = await Promise.all([
        ...[1, 2, 3].map(() => new Eraser(dataSource, SMALL_STEPS).eraseMember(guildId, MEMBER)),
        new Eraser(dataSource, SMALL_STEPS).finish({ guildId, userId: MEMBER }),
        new Eraser(dataSource, SMALL_STEPS).finishAll(new AbortController().signal, fail),
      ]);
      const sum = answers.slice(0, 3).map((answer) => flat(answer as MemberReferences));
      expect(sum.toSorted((a, b) => b.starboard! - a.starboard!)).toEqual([
        { 1: 3, 2: 5, starboard: 1 },
        { starboard: 0 },
        { starboard: 0 },
      ]);
      await expectErased();
    });

    it('should refuse events from before it while another erasure runs, even if nobody waits for its end', async () => {
      await storeFew();
      const { run } = await startStepped((eraser) => eraser.eraseMember(guildId, MEMBER), SMALL_STEPS);
      await stepPast(run, 'COMMIT');
      const between = Date.now() + 1;
      expect(await writer.write([anEvent(COMMAND, MEMBER, between)])).toMatchObject({ stored: 1 });
      const givingUp = new AbortController();
      const states: string[] = [];
      const second = new Eraser(dataSource).eraseMember(guildId, MEMBER, {
        signal: givingUp.signal,
        onState: (state) => states.push(state),
      });
      await waitFor(() => states.includes('joined'), { what: 'the second erasure to join the first' });
      givingUp.abort();
      await expect(second).rejects.toThrow(ErasureUnfinishedError);
      expect(await writer.write([anEvent(COMMAND, MEMBER, between)])).toMatchObject({ stored: 0, unwanted: 1 });
      await run.finish();
      expect([await eventsOfMember(), await rows('erasures')]).toEqual([0, 0]);
    });

    it('should continue after another erasure that it has joined ends', async () => {
      await storeFew();
      const { run } = await startStepped((eraser) => eraser.eraseMember(guildId, MEMBER), SMALL_STEPS);
      while (!(await run.next())!.includes('LOCK TABLE')) await run.step(async () => false);
      const states: string[] = [];
      const second = new Eraser(dataSource, SMALL_STEPS).eraseMember(guildId, MEMBER, {
        onState: (state) => states.push(state),
      });
      await waitFor(() => states.includes('joined'), { what: 'the second erasure to join the first' });
      await run.finish();
      await second;
      await expectErased();
      expect(await rows('erasures')).toBe(0);
    });

    it('should not be taken over while its process works on it, and return the full sum', async () => {
      await storeFew();
      let answer: unknown;
      const { run } = await startStepped(async (eraser) => {
        answer = flat(await eraser.eraseMember(guildId, MEMBER));
      }, SMALL_STEPS);
      await stepPast(run, 'COMMIT');
      expect(await new Eraser(dataSource).finishAll(new AbortController().signal, fail)).toBe(0);
      await run.finish();
      expect(answer).toEqual({ 1: 3, 2: 5, starboard: 1 });
    });

    it('should wait for a killed process no longer than its lease', async () => {
      await storeFew();
      await database.query(
        `INSERT INTO erasure_leases VALUES ($1, $2, gen_random_uuid(), now(), now() + interval '30 seconds')`,
        [guildId, MEMBER],
      );
      const states: string[] = [];
      const erasing = new Eraser(dataSource).eraseMember(guildId, MEMBER, { onState: (state) => states.push(state) });
      await waitFor(() => states.includes('joined'), { what: 'the erasure to find the lease' });
      expect(await eventsOfMember()).toBe(BY_MEMBER);
      await database.query('UPDATE erasure_leases SET held_until = now() WHERE guild_id = $1', [guildId]);
      expect(flat(await erasing)).toEqual({ 1: 3, 2: 5, starboard: 1 });
      await expectErased();
    });

    it('should renew its lease while it works, and fail as unfinished if it loses the lease', async () => {
      await storeFew();
      const renewals: (() => void)[] = [];
      const setInterval = jest.spyOn(globalThis, 'setInterval').mockImplementation(((renew: () => void) => {
        renewals.push(renew);
      }) as never);
      const holder = dataSource.createQueryRunner();
      await holder.startTransaction();
      await lockStripe(holder.manager, guildId);
      const failure = new Eraser(dataSource).eraseMember(guildId, MEMBER).catch((error: unknown) => error);
      await waitFor(() => isWaiting('test'), { what: 'the erasure to wait for the stripe' });
      setInterval.mockRestore();
      const lease = (condition: string) => rows('erasure_leases', condition);
      await database.query(`UPDATE erasure_leases SET held_until = now() WHERE guild_id = $1`, [guildId]);
      renewals[0]!();
      await waitFor(async () => (await lease('held_until > now()')) === 1, { what: 'the lease to be renewed' });
      await database.query(`UPDATE erasure_leases SET holder = gen_random_uuid() WHERE guild_id = $1`, [guildId]);
      const refused = jest.spyOn(dataSource, 'query');
      renewals[0]!();
      await refused.mock.results[0]!.value;
      refused.mockRestore();
      await holder.commitTransaction();
      await holder.release();
      expect(await failure).toBeInstanceOf(ErasureUnfinishedError);
      await database.query('DELETE FROM erasure_leases WHERE guild_id = $1', [guildId]);
    });

    it('should retry after a deadlock', async () => {
      await storeFew();
      const { run } = await startStepped((eraser) => eraser.eraseMember(guildId, MEMBER), SMALL_STEPS);
      await stepPast(run, 'COMMIT');
      const other = dataSource.createQueryRunner();
      await other.startTransaction();
      await other.query(`SET LOCAL deadlock_timeout = '10min'`); // so that the erasure detects the deadlock
      await other.query('SELECT FROM statistic_events WHERE guild_id = $1 FOR UPDATE', [guildId]);
      await stepPast(run, 'SELECT pg_advisory_xact_lock');
      const locking = lockStripe(other.manager, guildId);
      await waitFor(() => isWaiting('test'), { what: 'the other transaction to wait for the stripe' });
      const erasing = run.finish();
      await locking;
      await other.commitTransaction();
      await other.release();
      await expect(erasing).resolves.toBeUndefined();
      await expectErased();
    });

    it('should leave the rest to others and fail as unfinished if Postgres cancels a statement', async () => {
      await storeFew();
      const hurried = await createDataSource({
        url: database.url,
        poolSize: 2,
        applicationName: 'hurried',
      }).initialize();
      stepped.push(hurried);
      const run = new SteppedRun(hurried, () => new Eraser(hurried, SMALL_STEPS).eraseMember(guildId, MEMBER));
      while (!(await run.next())!.includes('INSERT INTO erasure_leases')) await run.step(async () => false);
      await stepPast(run, 'COMMIT');
      const other = dataSource.createQueryRunner();
      await other.startTransaction();
      await lockStripe(other.manager, guildId);
      const failure = run.finish().catch((error: unknown) => error);
      await waitFor(() => isWaiting('hurried'), { what: 'the erasure to wait for the stripe' });
      await database.query(
        `SELECT pg_cancel_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'hurried' AND wait_event_type = 'Lock'`,
      );
      expect(await failure).toBeInstanceOf(ErasureUnfinishedError);
      await other.rollbackTransaction();
      await other.release();
      expect(await new Eraser(dataSource).finishAll(new AbortController().signal, fail)).toBe(1);
      await expectErased();
    });
  });

  describe('of a guild', () => {
    it('should be one transaction for a small guild, and not change other guilds', async () => {
      await storeFew();
      const neighbour = await openGuild(guildId);
      await writer.write([anEvent(COMMAND, MEMBER, NOON, neighbour)]);
      await worker.run(LATER);
      const { run } = await startStepped((eraser) => eraser.eraseGuild(guildId), SMALL_STEPS);
      await stepPast(run, 'COMMIT');
      expect(await remains()).toEqual({});
      await run.finish();
      expect(await remains(neighbour)).toMatchObject({ guild_settings: 1, statistic_events: 1, statistic_totals: 1 });
    });

    it('should be resumed if its process dies after any step', async () => {
      const neighbour = await fillLarge();
      const before = await remains(neighbour);
      const { run, kill } = await startStepped((eraser) => eraser.eraseGuild(guildId), SMALL_STEPS);
      await stepPast(run, 'COMMIT');
      await kill();
      expect(await remains()).toMatchObject({ statistic_events: 1_500, erasures: 1 });
      expect(await remains()).not.toHaveProperty('guild_settings');
      let steps = 0;
      while (await isGuildErasureUnfinished(dataSource.manager, guildId)) {
        const events = await rows('statistic_events');
        const next = await startStepped((eraser) => eraser.finish({ guildId, userId: WHOLE_GUILD }), SMALL_STEPS);
        await stepPast(next.run, 'COMMIT');
        await next.kill();
        expect(events - (await rows('statistic_events'))).toBeLessThanOrEqual(SMALL_STEPS.guildRows);
        steps++;
      }
      expect(steps).toBeGreaterThan(2);
      expect(await remains()).toEqual({});
      expect(await remains(neighbour)).toEqual(before);
    }, 180_000);

    it('should also delete rows that an erasure of a member leaves meanwhile', async () => {
      await fillLarge();
      const { run } = await startStepped((eraser) => eraser.eraseGuild(guildId), SMALL_STEPS);
      // In the middle of a partition, and of events with the same time.
      await waitForStep(run, async () => (await rows('statistic_events')) < 1_300);
      await new Eraser(dataSource).eraseMember(guildId, MEMBER);
      await run.finish();
      expect(await remains()).toEqual({});
    });

    it('should finish if partitions are dropped and created meanwhile', async () => {
      await fillLarge();
      const { run } = await startStepped((eraser) => eraser.eraseGuild(guildId), SMALL_STEPS);
      await waitForStep(run, async () => (await rows('statistic_events')) < 1_500);
      await worker.run(LATER);
      const [events] = partitionedTables({ eventDays: 62, summaryDays: 400 });
      const { dropped, created } = await keepPartitions(dataSource, events!, new Date(NOON + 63 * DAY_MS));
      expect(dropped.length).toBeGreaterThan(0);
      expect(created.length).toBeGreaterThan(0);
      await run.finish();
      expect(await remains()).toEqual({});
      await keepPartitions(dataSource, events!, new Date());
      await moveHorizon('epoch');
    });
  });

  describe('the tombstone', () => {
    const AHEAD_MS = 600_000;

    it.each([
      ['a member', () => new Eraser(dataSource).eraseMember(guildId, MEMBER)],
      ['a guild', () => new Eraser(dataSource).eraseGuild(guildId)],
    ])('of %s should be later than stored events from a clock that is ahead', async (_, erase) => {
      const ahead = anEvent(COMMAND, MEMBER, Date.now() + AHEAD_MS);
      await writer.write([ahead]);
      await erase();
      await setUp(guildId);
      expect(await writer.write([ahead])).toMatchObject({ stored: 0, unwanted: 1 });
      const later = anEvent(COMMAND, MEMBER, ahead.occurredAt + 1);
      expect(await writer.write([later])).toMatchObject({ stored: 1 });
    });

    it('of a guild should have the time at which its erasure got its lock, not that of the request', async () => {
      const holder = dataSource.createQueryRunner();
      await holder.startTransaction();
      await lockStripe(holder.manager, guildId);
      const erasing = new Eraser(dataSource).eraseGuild(guildId);
      await waitFor(() => isWaiting('test'), { what: 'the erasure to wait for the stripe' });
      const meanwhile = await databaseTime();
      await waitFor(async () => (await databaseTime()) > meanwhile + 1, { what: 'the clock to move', intervalMs: 1 });
      await holder.commitTransaction();
      await holder.release();
      await erasing;
      await setUp(guildId);
      expect(await writer.write([anEvent(COMMAND, MEMBER, meanwhile)])).toMatchObject({ stored: 0, unwanted: 1 });
    });

    it('of a guild should not move back if the guild is reported as left at an earlier time', async () => {
      const eraser = new Eraser(dataSource);
      await eraser.eraseGuild(guildId);
      await dataSource.transaction(async (manager) => {
        await lockStripe(manager, guildId);
        await eraser.startGuild(manager, guildId, new Date(NOON));
      });
      await setUp(guildId);
      expect(await writer.write([anEvent(COMMAND, MEMBER, NOON + 1)])).toMatchObject({ stored: 0, unwanted: 1 });
    });

    /** Unix milliseconds. */
    async function databaseTime(): Promise<number> {
      const [row] = await database.query<{ now: Date }>('SELECT clock_timestamp() AS now');
      return row!.now.getTime();
    }
  });

  describe('with partitions for 400 days', () => {
    const LONG = { eventDays: 400, summaryDays: 400 };
    /** The largest number of locks on tables and partitions that a transaction holds at its commit. */
    const locksHeld = async (erase: (eraser: Eraser) => Promise<unknown>) => {
      const { run } = await startStepped(erase, { memberEvents: 5_000, guildRows: 20_000 });
      const held: number[] = [];
      for (let outcome = 'next'; outcome !== 'done'; outcome = await run.step(async () => false)) {
        if ((await run.next()) !== 'COMMIT') continue;
        const [row] = await database.query<{ count: string }>(
          `SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_database d ON d.oid = l.database
           WHERE d.datname = current_database() AND c.relname ~ '^(statistic|guild_snap)' AND l.pid <> pg_backend_pid()`,
        );
        held.push(Number(row!.count));
      }
      return Math.max(...held);
    };

    beforeAll(async () => {
      for (const table of partitionedTables(LONG)) await keepPartitions(dataSource, table, new Date());
    }, 120_000);

    it('should lock only the partitions with rows of the member or the guild', async () => {
      await storeFew();
      expect(await locksHeld((eraser) => eraser.eraseMember(guildId, MEMBER))).toBeLessThan(100);
      await expectErased();
      expect(await locksHeld((eraser) => eraser.eraseGuild(guildId))).toBeLessThan(100);
      expect(await rows('statistic_events')).toBe(0);
    });

    it('should use smaller steps while the lock table of Postgres is full', async () => {
      await storeFew();
      const source = await createDataSource({ url: database.url, poolSize: 2, applicationName: 'full' }).initialize();
      stepped.push(source);
      const createQueryRunner = source.createQueryRunner.bind(source);
      const limits: unknown[] = [];
      source.createQueryRunner = (mode) => {
        const runner = createQueryRunner(mode);
        const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
        runner.query = (async (sql: string, parameters?: unknown[]) => {
          if (!sql.includes('AS last, count(*)')) return query(sql, parameters);
          limits.push(parameters![4]);
          if (Number(parameters![4]) > 2) throw Object.assign(new Error('out of shared memory'), { code: '53200' });
          return query(sql, parameters);
        }) as typeof runner.query;
        return runner;
      };
      const erased = await new Eraser(source, { memberEvents: 8, guildRows: 600 }).eraseMember(guildId, MEMBER);
      expect(limits.slice(0, 3)).toEqual([8, 4, 2]);
      expect(flat(erased)).toEqual({ 1: 3, 2: 5, starboard: 1 });
      await expectErased();
    });
  });

  it('should keep a tombstone while its erasure is unfinished', async () => {
    await moveHorizon(new Date(Date.now() - 63 * DAY_MS).toISOString());
    await database.query(
      `INSERT INTO erasure_tombstones (guild_id, user_id, before, erased_at)
       SELECT $1, user_id, now() - interval '64 days', now() FROM unnest('{1,2}'::bigint[]) user_id`,
      [guildId],
    );
    await database.query(
      `INSERT INTO erasures (guild_id, user_id, before, begun_at, events_by_kind, starboard_entries)
       VALUES ($1, 2, now() - interval '64 days', now(), '{}', 0)`,
      [guildId],
    );
    const kept = () => database.query('SELECT user_id FROM erasure_tombstones WHERE guild_id = $1', [guildId]);
    await dropExpiredTombstones(dataSource.manager);
    expect(await kept()).toEqual([{ user_id: '2' }]);
    expect(await new Eraser(dataSource).finishAll(new AbortController().signal, fail)).toBe(1);
    await dropExpiredTombstones(dataSource.manager);
    expect(await kept()).toEqual([]);
    await moveHorizon('epoch');
  });

  it('should refuse earlier events even after the tombstone expires and the retention is raised', async () => {
    await new Eraser(dataSource).eraseMember(guildId, MEMBER);
    const tombstones = () => rows('erasure_tombstones');
    await database.query('UPDATE erasure_tombstones SET before = $2 WHERE guild_id = $1', [guildId, new Date(NOON)]);
    const old = anEvent(COMMAND, MEMBER, NOON - 1);
    // The horizon is the time up to which events were dropped. It is just before the erasure.
    await moveHorizon(new Date(NOON - 1).toISOString());
    await dropExpiredTombstones(dataSource.manager);
    expect([await tombstones(), (await writer.write([old])).stored]).toEqual([1, 0]);
    await moveHorizon(new Date(NOON).toISOString());
    await dropExpiredTombstones(dataSource.manager);
    expect([await tombstones(), (await writer.write([old])).stored]).toEqual([0, 0]);
    await moveHorizon('epoch');
  });

  it('should delete groups with the member whose events are already dropped', async () => {
    const old = NOON - 2 * DAY_MS;
    const [ofUsers, ofLabels] = [DIMENSIONS.user.number, DIMENSIONS.label.number];
    for (const dimension of [ofUsers, ofLabels]) {
      await database.query(
        `INSERT INTO statistic_groups (guild_id, bucket, kind, dimension, span, facet, ids, counts)
         VALUES ($1, date_trunc('day', $2::timestamptz, 'UTC'), 1, $3, 1440, 0, $4, '{3}')`,
        [guildId, new Date(old), dimension, [MEMBER]],
      );
    }
    await moveHorizon(new Date(NOON - DAY_MS).toISOString());
    await new Eraser(dataSource).eraseMember(guildId, MEMBER);
    const left = [ofUsers, ofLabels].map((dimension) => rows('statistic_groups', `dimension = ${dimension}`));
    expect(await Promise.all(left)).toEqual([0, 1]);
    await moveHorizon('epoch');
  });

  /** Moves the horizon, as after events before this time were dropped. */
  const moveHorizon = (time: string) => database.query('UPDATE event_horizon SET events_since = $1', [time]);

  /** @param sameStripe a guild with which the new one shares its stripe */
  async function openGuild(sameStripe?: string): Promise<string> {
    const id = sameStripe === undefined ? String((guilds += 1_001n)) : String(BigInt(sameStripe) + 64n);
    await setUp(id);
    return id;
  }

  /** Stores settings with all switches on, unless the guild has settings. */
  async function setUp(id: string): Promise<void> {
    await database.query(
      `INSERT INTO guild_settings
         (guild_id, enabled, enabled_at, updated_at, switches, counter_panel_enabled, starboard_enabled)
       VALUES ($1, true, now(), now(), $2, false, false)
       ON CONFLICT DO NOTHING`,
      [id, SWITCH_NAMES],
    );
  }

  function anEvent(kind: typeof MESSAGE, userId: string, occurredAt: number, guild = guildId): StatisticEvent {
    const [channelId, messageId, label] = kind === MESSAGE ? ['7', '12345', null] : [null, null, 'x'];
    return {
      guildId: guild,
      kind,
      occurredAt,
      eventId: randomUUID(),
      userId,
      actorId: null,
      channelId,
      messageId,
      label,
      value: null,
      flags: 0,
    };
  }

  /** Three commands and five messages of the member in three 15-minute buckets of two days; five messages of another. */
  async function storeFew(): Promise<void> {
    const times = [NOON, NOON + 1, NOON + BUCKET_MS];
    await writer.write([
      ...times.map((at) => anEvent(COMMAND, MEMBER, at)),
      ...[...times, NOON - DAY_MS, NOON - DAY_MS + 1].map((at) => anEvent(MESSAGE, MEMBER, at)),
      ...[...times, NOON - DAY_MS, NOON - DAY_MS + 1].map((at) => anEvent(MESSAGE, OTHER, at)),
    ]);
    await database.query('INSERT INTO starboard_entries VALUES ($1, 5, 6, $2)', [guildId, MEMBER]);
  }

  /** Stores more rows than two steps erase, in several tables and partitions. @returns another guild with a few rows */
  async function fillLarge(): Promise<string> {
    const neighbour = await openGuild(guildId);
    for (const [guild, count] of [
      [guildId, 1_500],
      [neighbour, 10],
    ] as const) {
      const events = Array.from({ length: count }, (_, index) => {
        const day = index % 10 === 0 ? DAY_MS : 0;
        return anEvent(
          index % 3 === 0 ? COMMAND : MESSAGE,
          index % 8 < 4 ? MEMBER : OTHER,
          NOON - day + (index % 4), // many at the same time
          guild,
        );
      });
      await writer.write(events);
      await database.query(
        `INSERT INTO guild_snapshots (guild_id, bucket, occurred_at) VALUES ($1, date_trunc('hour', now()), now())`,
        [guild],
      );
      await storeInDays(dataSource.manager, guild, new Date(), { member_count: 3, online_member_count: 1 });
    }
    await worker.run(LATER);
    return neighbour;
  }

  async function startStepped(work: (eraser: Eraser) => Promise<unknown>, sizes: Partial<typeof SMALL_STEPS>) {
    const source = await createDataSource({ url: database.url, poolSize: 2, applicationName: 'stepped' }).initialize();
    stepped.push(source);
    const run = new SteppedRun(source, () => work(new Eraser(source, { ...SMALL_STEPS, ...sizes })));
    /** Ends the connections, as if the process dies: Postgres rolls back the open transaction. */
    const kill = async () => {
      const connections = `FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'stepped'`;
      await database.query(`SELECT pg_terminate_backend(pid) ${connections}`);
      await waitFor(async () => (await database.query(`SELECT ${connections}`)).length === 0, {
        what: 'the end of its connections',
      });
      await run.finish().catch(() => undefined);
    };
    return { run, kill };
  }

  /** Runs statements up to and including the next one with this beginning. */
  async function stepPast(run: SteppedRun, beginning: string): Promise<void> {
    for (let passed = false; !passed;) {
      const sql = await run.next();
      if (sql === undefined) throw new Error(`no statement begins with ${beginning}`);
      passed = sql.startsWith(beginning);
      await run.step(async () => false);
    }
  }

  /** Runs transactions until the condition holds between two of them. */
  async function waitForStep(run: SteppedRun, condition: () => Promise<boolean>): Promise<void> {
    while (!(await condition())) await stepPast(run, 'COMMIT');
  }

  async function countStatements(): Promise<number> {
    await storeFew();
    const { run } = await startStepped((eraser) => eraser.eraseMember(guildId, MEMBER), SMALL_STEPS);
    for (let statements = 1; ; statements++) if ((await run.step(async () => false)) === 'done') return statements;
  }

  async function isWaiting(applicationName: string): Promise<boolean> {
    const waiting = await database.query(
      `SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = $1 AND wait_event_type = 'Lock'`,
      [applicationName],
    );
    return waiting.length > 0;
  }

  async function rows(table: string, condition = 'true', guild = guildId): Promise<number> {
    const found = await database.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM ${table} WHERE guild_id = $1 AND ${condition}`,
      [guild],
    );
    return found[0]!.n;
  }

  const eventsOfMember = () => rows('statistic_events', `user_id = ${MEMBER}`);

  /** The numbers of rows of the guild in each table that has any, without tombstones. */
  async function remains(guild = guildId): Promise<Record<string, number>> {
    const tables = [
      'guild_settings',
      'starboard_entries',
      'statistic_events',
      'statistic_totals',
      'statistic_groups',
      'statistic_rollup_pending',
      'guild_snapshots',
      'guild_snapshot_days',
      'erasures',
    ];
    const counts = await Promise.all(tables.map(async (table) => [table, await rows(table, 'true', guild)] as const));
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
  }

  /** Expects that summaries equal a count of the events. */
  async function expectExact(when: string): Promise<void> {
    const window = { guildId, window: WINDOW, boundaries: [] };
    const numbers = [MESSAGE.number, COMMAND.number];
    const totals = await countKinds(dataSource.manager, numbers, window);
    const total = numbers.map((number) => totals.get(number)![0]);
    expect([when, ...total]).toEqual([when, 5 + BY_OTHER, 3]);
    const query = { guildId, window: WINDOW, dimension: 'user' as const, filter: {}, top: 10 };
    const groups = await groupKind(dataSource.manager, MESSAGE, query);
    const counted = await database.query<{ key: string | null; count: number }>(
      `SELECT user_id::text AS key, count(*)::int AS count FROM statistic_events
       WHERE guild_id = $1 AND kind = $2 GROUP BY user_id ORDER BY 2 DESC, user_id`,
      [guildId, MESSAGE.number],
    );
    const byKey = (all: readonly { key: unknown; count: unknown }[]) =>
      all.map(({ key, count }) => `${String(key)}: ${Number(count)}`).toSorted();
    expect([when, ...byKey(groups)]).toEqual([when, ...byKey(counted)]);
  }

  /** Expects no ids of the member or the member's messages, exact summaries, and no other changes in the guild. */
  async function expectErased(): Promise<void> {
    for (const when of ['erased', 'rolled up']) {
      await expectExact(when);
      expect([when, await eventsOfMember(), await rows('erasures'), await rows('starboard_entries')]).toEqual([
        when,
        0,
        0,
        0,
      ]);
      expect([when, await rows('erasure_leases')]).toEqual([when, 0]);
      const groups = `dimension = ${DIMENSIONS.user.number} AND ${MEMBER} = ANY (ids)`;
      expect([when, await rows('statistic_groups', groups)]).toEqual([when, 0]);
      expect([when, await rows('statistic_events', 'message_id IS NOT NULL')]).toEqual([when, BY_OTHER]);
      await worker.run(LATER);
    }
  }
});

function flat({ eventsByKind, starboardEntries }: MemberReferences): Record<string, number> {
  return { ...Object.fromEntries(eventsByKind), starboard: starboardEntries };
}

function fail(error: Error): never {
  throw error;
}
