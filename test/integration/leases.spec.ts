import { DataSource } from 'typeorm';
import { after, createDataSource, keepLease, LockTable, WorkList, type ClaimedRow } from '#libs/database';
import { setDatabaseTime } from '../harness/database-time.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';

const LEASE_MS = 30_000;
const PAUSES = { firstMs: 1_000, longestMs: 60_000 };
const HOPELESS_AFTER_MS = 3_600_000;

interface JobKey {
  guildId: string;
  id: string;
}

interface JobRow {
  payload: string;
}

type Job = ClaimedRow<JobKey, JobRow>;

const jobs = new WorkList<JobKey, JobRow>({
  table: 'jobs',
  key: { guildId: 'guild_id', id: 'id' },
  row: { payload: 'payload' },
  leaseMs: LEASE_MS,
  pauses: PAUSES,
  hopelessAfterMs: () => HOPELESS_AFTER_MS,
});

const locks = new LockTable<{ guildId: string }>({ table: 'locks', key: { guildId: 'guild_id' }, leaseMs: LEASE_MS });

describe('leases', () => {
  let database: TestDatabase;
  /** Each has its own connections, like an instance of a service. */
  let instances: DataSource[];
  let one: DataSource;
  let two: DataSource;
  /** The database time in Unix milliseconds. */
  let now: number;

  beforeAll(async () => {
    database = await createTestDatabase();
    await database.query(`
      CREATE TABLE jobs (
        guild_id bigint, id bigint, payload text NOT NULL DEFAULT 'x', due_at timestamptz(3), claim uuid,
        claimed_until timestamptz(3), attempts integer NOT NULL DEFAULT 0, failing_since timestamptz(3),
        last_error text, PRIMARY KEY (guild_id, id))`);
    await database.query(`
      CREATE TABLE locks (
        guild_id bigint PRIMARY KEY, claim uuid NOT NULL, taken_at timestamptz NOT NULL,
        claimed_until timestamptz NOT NULL)`);
    instances = [0, 1].map(() => createDataSource({ url: database.url, poolSize: 8, applicationName: 'test' }));
    for (const instance of instances) {
      await instance.initialize();
      setDatabaseTime(instance, { now: () => now });
    }
    [one, two] = instances as [DataSource, DataSource];
  });
  afterAll(async () => {
    await Promise.all(instances.map((instance) => instance.destroy()));
    await database.release();
  });
  beforeEach(async () => {
    now = Date.UTC(2026, 0, 15, 12);
    await database.query('TRUNCATE jobs, locks');
  });

  const addJobs = (count: number, guildId = '1') =>
    database.query('INSERT INTO jobs (guild_id, id, due_at) SELECT $1, id, $2 FROM generate_series(1, $3::int) AS id', [
      guildId,
      new Date(now),
      count,
    ]);
  const rowOf = async (id = '1') => {
    const [row] = await database.query<Record<string, unknown> & { due_at: Date | null; claimed_until: Date | null }>(
      'SELECT * FROM jobs WHERE id = $1',
      [id],
    );
    return row;
  };
  const claimNext = async (instance: DataSource): Promise<Job | undefined> => {
    const [due] = await jobs.findDue(instance, 1);
    return due && jobs.claim(instance, due);
  };
  const claim = async (instance: DataSource): Promise<Job> => {
    const job = await claimNext(instance);
    if (job === undefined) throw new Error('nothing to claim');
    return job;
  };
  const pauseOf = async () => (await rowOf())!.due_at!.getTime() - now;

  it('should give a row to only one of several concurrent claims', async () => {
    await addJobs(40);
    const due = await jobs.findDue(one, 100);
    expect(due).toHaveLength(40);
    const outcomes = await Promise.all(
      due.flatMap((row) => [one, two, one, two].map((instance) => jobs.claim(instance, row))),
    );
    const claimed = outcomes.filter((job) => job !== undefined);
    expect(new Set(claimed.map(({ id }) => id)).size).toBe(40);
    expect(claimed).toHaveLength(40);
    expect(claimed[0]).toMatchObject({
      guildId: '1',
      payload: 'x',
      attempts: 0,
      wasInterrupted: false,
      failingSince: null,
    });
  });

  it('should not wait for a locked row, and not claim it', async () => {
    await addJobs(1);
    const [due] = await jobs.findDue(one, 1);
    const runner = two.createQueryRunner();
    try {
      await runner.startTransaction();
      await runner.query('SELECT FROM jobs FOR UPDATE');
      expect(await jobs.claim(one, due!)).toBeUndefined();
      await runner.rollbackTransaction();
    } finally {
      await runner.release();
    }
    expect(await jobs.claim(one, due!)).toBeDefined();
  });

  it('should find due rows, longest due first, up to the limit', async () => {
    await addJobs(3);
    await database.query(`UPDATE jobs SET due_at = $1::timestamptz - id * interval '1 minute'`, [new Date(now)]);
    await database.query(`INSERT INTO jobs (guild_id, id, due_at) VALUES (1, 4, $1), (1, 5, NULL)`, [
      new Date(now + 1),
    ]);
    expect((await jobs.findDue(one, 2)).map(({ id }) => id)).toEqual(['3', '2']);
    expect(await jobs.findDue(one, 10)).toHaveLength(3);
  });

  it('should give a row to another holder after its lease ends, and ignore the late former holder', async () => {
    await addJobs(1);
    const late = await claim(one);
    now += LEASE_MS - 1;
    expect(await claimNext(two)).toBeUndefined();
    now += 1;
    const other = await claim(two);
    expect(other).toMatchObject({ wasInterrupted: true, attempts: 1, failingSince: new Date(now) });
    const before = await rowOf();
    expect(await jobs.renew(one, late)).toBe(false);
    expect(await jobs.succeed(one, late, { due: () => 'NULL' })).toBe(false);
    expect(await jobs.fail(one, late)).toBe(false);
    expect(await jobs.postpone(one, late, { due: after(0) })).toBe(false);
    expect(await jobs.drop(one, late)).toBe(false);
    expect(await rowOf()).toEqual(before);
    expect(await jobs.succeed(two, other, { due: () => 'NULL' })).toBe(true);
    expect(await rowOf()).toMatchObject({ claim: null, claimed_until: null, attempts: 0, failing_since: null });
  });

  it('should let a late holder continue if the row has no other holder', async () => {
    await addJobs(1);
    const late = await claim(one);
    now += 2 * LEASE_MS;
    expect(await jobs.renew(one, late)).toBe(true);
    expect(await claimNext(two)).toBeUndefined();
    expect(await jobs.drop(one, late)).toBe(true);
  });

  it('should keep a row claimed as long as its lease is renewed', async () => {
    await addJobs(1);
    const job = await claim(one);
    for (let renewal = 0; renewal < 5; renewal++) {
      now += LEASE_MS - 1;
      expect(await claimNext(two)).toBeUndefined();
      expect(await jobs.renew(one, job)).toBe(true);
    }
    expect(job.until).toEqual(new Date(now + LEASE_MS));
  });

  it('should count attempts at their start, pause longer after each, and report a hopeless row', async () => {
    await addJobs(1);
    for (const failures of [1, 2, 3, 4, 5]) {
      const job = await claim(one);
      expect(job).toMatchObject({ attempts: failures - 1, isHopeless: false });
      expect(await rowOf()).toMatchObject({ attempts: failures });
      await jobs.fail(one, job, { set: () => ({ last_error: 'no' }) });
      const full = 1_000 * 2 ** (failures - 1);
      expect(await pauseOf()).toBeGreaterThanOrEqual(full / 2);
      expect(await pauseOf()).toBeLessThanOrEqual(full);
      expect(await claimNext(one)).toBeUndefined();
      now += full;
    }
    expect(await rowOf()).toMatchObject({ last_error: 'no' });
    now += HOPELESS_AFTER_MS;
    expect(await claim(one)).toMatchObject({ attempts: 5, isHopeless: true });
  });

  it('should also pause longer after attempts that ended their process', async () => {
    await addJobs(1);
    let longest = 0;
    for (let attempts = 0; attempts < 10; attempts++) {
      expect(await claim(one)).toMatchObject({ attempts, wasInterrupted: attempts > 0 });
      longest = await pauseOf();
      now += longest;
    }
    expect(longest).toBeGreaterThanOrEqual(PAUSES.longestMs / 2);
    expect(longest).toBeLessThanOrEqual(PAUSES.longestMs);
  });

  it('should count a postponement neither as an attempt nor, without isFailing, as a failure', async () => {
    await addJobs(1);
    await jobs.postpone(one, await claim(one), { due: after(5_000) });
    expect(await rowOf()).toMatchObject({ attempts: 0, failing_since: null, due_at: new Date(now + 5_000) });
    now += 5_000;
    await jobs.postpone(one, await claim(one), { due: after(0), isFailing: true });
    expect(await rowOf()).toMatchObject({ attempts: 0, failing_since: new Date(now) });
    expect((await claim(one)).wasInterrupted).toBe(false);
  });

  it('should have one holder at a time, and finish once, when the database clock is set forward', async () => {
    await addJobs(1);
    const first = await claim(one);
    now += 86_400_000;
    const second = await claim(two);
    expect(await jobs.renew(one, first)).toBe(false);
    expect(await jobs.succeed(one, first, { due: () => 'NULL' })).toBe(false);
    expect(await jobs.succeed(two, second, { due: () => 'NULL' })).toBe(true);
  });

  it('should have one holder when the clock is set back, whose lease follows the new clock once renewed', async () => {
    await addJobs(1);
    const job = await claim(one);
    now -= 3_600_000;
    await database.query('UPDATE jobs SET due_at = $1', [new Date(now)]);
    now += LEASE_MS;
    expect(await claimNext(two)).toBeUndefined();
    expect(await jobs.renew(one, job)).toBe(true);
    now += LEASE_MS;
    expect(await claimNext(two)).toBeDefined();
  });

  it('should recognize a holder of an older version by another end of the lease if leases are never renewed', async () => {
    const unrenewed = new WorkList<JobKey>({
      table: 'jobs',
      key: { guildId: 'guild_id', id: 'id' },
      leaseMs: LEASE_MS,
      isNeverRenewed: true,
      pauses: PAUSES,
    });
    await addJobs(1);
    const late = (await unrenewed.claim(one, (await unrenewed.findDue(one, 1))[0]!))!;
    now += LEASE_MS;
    await database.query('UPDATE jobs SET claimed_until = $1', [new Date(now + LEASE_MS)]);
    expect(await unrenewed.succeed(one, late, { due: () => 'NULL' })).toBe(false);
    expect(await unrenewed.drop(one, late)).toBe(false);
    expect(await rowOf()).toMatchObject({ claimed_until: new Date(now + LEASE_MS) });
  });

  it('should accept only the latest holder of a row in any order of claims and clock changes', async () => {
    const random = numbersFrom(7);
    let wrong = 0;
    for (let round = 0; round < 30; round++) {
      await database.query('TRUNCATE jobs');
      await addJobs(5);
      const held: { instance: DataSource; job: Job }[] = [];
      let ended = 0;
      for (let step = 0; step < 60; step++) {
        const instance = instances[random(2)]!;
        const action = random(6);
        if (action <= 1) {
          const job = await claimNext(instance);
          if (job) held.push({ instance, job });
        } else if (action <= 3 && held.length > 0) {
          const { job } = held[random(held.length)]!;
          const isLatest = held.findLast((other) => other.job.id === job.id)!.job === job;
          const isDropping = action === 3;
          const isHeld = await (isDropping ? jobs.drop(one, job) : jobs.renew(one, job));
          // Only the latest holder of a row may still have it.
          wrong += isHeld && !isLatest ? 1 : 0;
          ended += isHeld && isDropping ? 1 : 0;
        } else {
          now += [1, LEASE_MS / 2, LEASE_MS, 120_000, -5_000][random(5)]!;
        }
      }
      const [{ left }] = (await database.query<{ left: number }>('SELECT count(*)::int AS left FROM jobs')) as [
        { left: number },
      ];
      expect(ended + left).toBe(5);
    }
    expect(wrong).toBe(0);
  });

  it('should finish every row once when concurrent workers claim, fail, abandon and finish rows', async () => {
    await addJobs(30);
    const done: string[] = [];
    const work = async (instance: DataSource, seed: number) => {
      const random = numbersFrom(seed);
      while (done.length < 30) {
        const due = await jobs.findDue(instance, 10);
        const row = due[random(due.length || 1)];
        const job = row && (await jobs.claim(instance, row));
        if (!job) now += 1_000;
        else if (random(3) === 0) await jobs.fail(instance, job);
        else if (random(3) > 0 && (await jobs.drop(instance, job))) done.push(job.id);
      }
    };
    await Promise.all([1, 2, 3, 4, 5, 6].map((seed) => work(instances[seed % 2]!, seed)));
    expect(new Set(done).size).toBe(30);
    expect(done).toHaveLength(30);
  });

  it('should let one of several instances take a lock, and another one after it is released or expires', async () => {
    const key = { guildId: '1' };
    const taken = await Promise.all(Array.from({ length: 8 }, (_, index) => locks.take(instances[index % 2]!, key)));
    const [first, ...others] = taken.filter((lease) => lease !== undefined);
    expect(others).toEqual([]);
    expect(await locks.drop(one, first!)).toBe(true);
    const second = (await locks.take(two, key))!;
    expect(second).toBeDefined();
    now += LEASE_MS;
    const third = await locks.take(one, key);
    expect(third).toBeDefined();
    expect(await locks.renew(two, second)).toBe(false);
    expect(await locks.drop(two, second)).toBe(false);
    now += LEASE_MS + 1;
    await locks.deleteExpired(one);
    expect(await database.query('SELECT FROM locks')).toEqual([]);
  });

  it('should renew a lease until it is lost, even if some renewals fail with an error', async () => {
    const outcomes = [true, new Error('gone'), true, false, true];
    let renewals = 0;
    let lost = 0;
    const renewing = keepLease(
      async () => {
        const outcome = outcomes[renewals++]!;
        if (outcome instanceof Error) throw outcome;
        return outcome;
      },
      1,
      () => lost++,
    );
    await waitFor(() => lost === 1, { what: 'the lease to be lost' });
    renewing.stop();
    await renewing.settled();
    expect(renewals).toBe(4);
  });
});

/** Pseudorandom integers below a bound, reproducible by seed. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
