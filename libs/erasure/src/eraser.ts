import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { DISCORD_EPOCH_MS } from '#libs/contracts';
import { FailingItems, growingPause, systemClock } from '#libs/timing';
import { SQLSTATE, sqlState, GuildSettings, lockStripes } from '#libs/database';
import {
  findErasureJob,
  listErasureJobs,
  removeErasureJob,
  saveErasureJob,
  saveNewErasureJobs,
  type ErasureJob,
  type ErasurePosition,
  type ErasureTarget,
  type GuildPosition,
} from './erasure-jobs.js';
import {
  deleteEndedLeases,
  ErasureTakenOverError,
  tryWithErasureLock,
  withErasureLock,
  type Limit,
} from './erasure-lock.js';
import type { ErasureLog, LoggedErasure } from './erasure-log.js';
import { eraseGuildRows, eraseGuildSettings, eraseSmallGuild } from './guild-erasure.js';
import { ERASED_TABLES } from './erased-tables.js';
import { eraseMemberEvents } from './member-erasure.js';
import { addReferences, noReferences, type MemberReferences } from './member-references.js';
import { StepPace, type ErasureStepSizes } from './step-pace.js';
import {
  layGuildTombstone,
  layMemberTombstone,
  layMemberTombstones,
  layTombstoneAgain,
  WHOLE_GUILD,
} from './tombstones.js';

/** So many rows take 50 to 150 ms, and for so long nobody stores events of the stripe; see docs/performance.md. */
export const ERASURE_STEP_SIZES: ErasureStepSizes = { memberEvents: 5_000, guildRows: 20_000 };

/** The erasure has begun, and what is to be erased is not all erased yet. Whoever finishes erasures goes on with it. */
export class ErasureUnfinishedError extends Error {
  override readonly name = 'ErasureUnfinishedError';

  constructor(cause: unknown) {
    super('the erasure has begun, but is not finished', { cause });
  }
}

/**
 * How far an erasure is that somebody asked for:
 *
 * - `waiting`: nothing is changed yet
 * - `elsewhere`: its tombstone is laid; somebody else erases the same, and goes on up to that
 * - `begun`: its first step is at work, or done
 */
export type ErasureState = 'waiting' | 'elsewhere' | 'begun';

export interface ErasureOptions {
  /** Ends the work between two steps. An erasure that has not begun when it aborts, changes nothing. */
  signal?: AbortSignal;
  /** Called with each state after `waiting`. */
  onState?: (state: ErasureState) => void;
}

/** How the erasure of a target begins. Both are called under the exclusive lock of the guild's stripe. */
interface ErasureBeginning {
  /** Lays the tombstone and erases what there is little of. @returns the job of the rest; nobody has saved it yet */
  lay: (manager: EntityManager) => Promise<ErasureJob>;
  /** Does that, and takes the first step. */
  begin: (manager: EntityManager) => Promise<StepOutcome>;
}

type StepOutcome = { isDone: true; erased: MemberReferences } | { isDone: false };

const STEP_ATTEMPTS = 5;
const STEP_PAUSES = { firstMs: 100, longestMs: 1_000 };
/** Of an erasure that {@link Eraser.finishAll} could not finish. */
const FAILED_PAUSES = { firstMs: 60_000, longestMs: 15 * 60_000 };

/**
 * Erases members and guilds, in steps: each is a transaction under the exclusive lock of the guild's stripe that erases
 * so many rows. The first one lays the tombstone, so that nothing more comes in behind it. Where that is not all it leaves
 * a job, and others follow, up to the last one, which removes the job. Between two steps the lock is free.
 *
 * All that a step must know lies in the database, and it changes that under the lock. So any process may take any step:
 * where one died, {@link finish} and {@link finishAll} go on, as does the same erasure when it is asked for again. The
 * erasure lock lets one at a time work on a job, so that it can tell the sum.
 */
export class Eraser {
  private readonly pace: StepPace;
  private readonly failing = new FailingItems(FAILED_PAUSES);

  /**
   * @param limit bounds how many erasures that somebody asked for hold a connection; not those of {@link finishAll}
   * @param log to which every erasure is appended before its tombstone is committed
   */
  constructor(
    private readonly dataSource: DataSource,
    sizes: ErasureStepSizes = ERASURE_STEP_SIZES,
    private readonly limit: Limit = (work) => work(),
    private readonly log?: ErasureLog,
  ) {
    this.pace = new StepPace(sizes);
  }

  /**
   * Takes the member out of everything that is stored of the guild. Events keep counting, but bear no user, no message
   * and no id that was derived from one. Events of the member from before now that come later are not stored.
   *
   * @returns what was erased, when all is; with what earlier steps of an unfinished erasure had erased
   * @throws ErasureUnfinishedError once it has begun; any other error before, and then nothing was changed, such as
   *   ErasureLogError
   */
  eraseMember(guildId: string, userId: string, options?: ErasureOptions): Promise<MemberReferences> {
    return this.erase({ guildId, userId }, this.memberBeginning(guildId, userId), options);
  }

  /**
   * As {@link eraseMember} in several guilds: all tombstones are laid in one transaction, which erases nothing, as it
   * holds the locks of all of them; then one guild is erased after the other. It has begun in all of them or in none.
   *
   * @returns what was erased, by guild
   * @throws as {@link eraseMember}
   */
  async eraseMemberIn(
    guildIds: readonly string[],
    userId: string,
    options: ErasureOptions = {},
  ): Promise<Map<string, MemberReferences>> {
    const { signal, onState } = options;
    if (guildIds.length === 0) return new Map();
    await this.inOwnTransaction(guildIds, async (manager) => {
      signal?.throwIfAborted();
      onState?.('begun');
      const befores = await layMemberTombstones(manager, guildIds, userId);
      await saveNewErasureJobs(manager, userId, befores);
      await this.log?.append(guildIds.map((guildId) => ({ guildId, userId, before: befores.get(guildId)! })));
    });
    const erased = new Map<string, MemberReferences>();
    try {
      for (const guildId of guildIds) {
        const target = { guildId, userId };
        erased.set(guildId, await this.withLock(target, signal, (runner) => this.goOn(runner, target, signal)));
      }
      return erased;
    } catch (error) {
      throw asUnfinished(error);
    }
  }

  /**
   * Erases again what a log tells, in a database that was restored from before: up to the time that it had then. Nothing
   * is written to a log.
   *
   * @returns false for a guild that was enabled again since: its erasure was finished before, so nothing is to be done
   * @throws as {@link eraseMember}
   */
  async eraseAgain(logged: LoggedErasure): Promise<boolean> {
    const { guildId, userId, before } = logged;
    const target = { guildId, userId };
    const isWanted = await this.inOwnTransaction([guildId], async (manager) => {
      if (userId === WHOLE_GUILD && (await isEnabledSince(manager, guildId, before))) return false;
      const reached = await layTombstoneAgain(manager, logged);
      const job =
        userId === WHOLE_GUILD
          ? await guildJob(manager, guildId, reached)
          : await memberJob(manager, target, reached, snowflakeAt(before));
      await saveErasureJob(manager, job);
      return true;
    });
    if (isWanted) await this.finish(target);
    return isWanted;
  }

  /**
   * Erases all that is stored of the guild. Its events from before now that come later are not stored.
   *
   * @throws as {@link eraseMember}
   */
  async eraseGuild(guildId: string, options?: ErasureOptions): Promise<void> {
    const target = { guildId, userId: WHOLE_GUILD };
    await this.erase(target, this.guildBeginning(guildId), options);
  }

  /**
   * The first step of {@link eraseGuild}, of what happened before that time and what is stored: from its commit on the
   * guild is one without settings, and nothing from before is stored. Call it under the exclusive lock of the guild's
   * stripe.
   *
   * @returns whether all is erased; else the rest is for {@link finish}
   */
  async startGuild(manager: EntityManager, guildId: string, before: Date): Promise<boolean> {
    return (await this.guildBeginning(guildId, before).begin(manager)).isDone;
  }

  /**
   * Finishes an erasure, or waits for who is doing it; does nothing where none is unfinished.
   *
   * @throws ErasureUnfinishedError
   */
  async finish(target: ErasureTarget, options: ErasureOptions = {}): Promise<void> {
    try {
      const { signal, onState } = options;
      const onElsewhere = async () => onState?.('elsewhere');
      await withErasureLock(this.dataSource, target, { signal, limit: this.limit, onElsewhere }, (runner) => {
        onState?.('begun');
        return this.goOn(runner, target, signal);
      });
    } catch (error) {
      throw asUnfinished(error);
    }
  }

  /**
   * Finishes all erasures that nobody else is working on, one after the other. One that fails is left out for a pause that
   * grows.
   *
   * @param signal ends the work between two steps
   * @param onFailure called for each that could not be finished; the others are not kept from it
   * @param now Unix milliseconds; decides which pauses are over
   * @returns how many were finished
   */
  async finishAll(
    signal: AbortSignal,
    onFailure: (error: Error, target: ErasureTarget) => void,
    now = Date.now(),
  ): Promise<number> {
    let finished = 0;
    await deleteEndedLeases(this.dataSource);
    const targets = await listErasureJobs(this.dataSource.manager);
    this.failing.keepOnly(new Set(targets.map(keyOf)));
    for (const target of targets) {
      if (this.failing.isPaused(keyOf(target), now)) continue;
      try {
        const outcome = await tryWithErasureLock(this.dataSource, target, (runner) =>
          this.goOn(runner, target, signal),
        );
        if (outcome !== undefined) finished++;
      } catch (error) {
        if (signal.aborted) break;
        this.failing.add(keyOf(target), now);
        onFailure(error as Error, target);
      }
    }
    return finished;
  }

  /**
   * Where somebody else erases the target, its tombstone is laid before their end is waited for: what comes later from
   * before now is not stored, whatever becomes of the waiting.
   */
  private async erase(
    target: ErasureTarget,
    { lay, begin }: ErasureBeginning,
    options: ErasureOptions = {},
  ): Promise<MemberReferences> {
    const { signal, onState } = options;
    let isLaid = false;
    const onElsewhere = async () => {
      if (isLaid) return;
      await this.inOwnTransaction([target.guildId], async (manager) => {
        signal?.throwIfAborted();
        await saveErasureJob(manager, await lay(manager));
      });
      isLaid = true;
      onState?.('elsewhere');
    };
    try {
      return await withErasureLock(
        this.dataSource,
        target,
        { signal, limit: this.limit, onElsewhere },
        async (runner) => {
          if (!isLaid) {
            const first = await inTransaction(runner, [target.guildId], this.pace, async (manager) => {
              signal?.throwIfAborted();
              onState?.('begun');
              return begin(manager);
            });
            if (first.isDone) return first.erased;
            isLaid = true;
          }
          onState?.('begun');
          return this.goOn(runner, target, signal);
        },
      );
    } catch (error) {
      throw isLaid || error instanceof ErasureTakenOverError ? asUnfinished(error) : error;
    }
  }

  private memberBeginning(guildId: string, userId: string): ErasureBeginning {
    const lay = async (manager: EntityManager) => this.logged(await layMember(manager, { guildId, userId }));
    return { lay, begin: async (manager) => this.step(manager, await lay(manager)) };
  }

  private guildBeginning(guildId: string, before?: Date): ErasureBeginning {
    const lay = async (manager: EntityManager) => this.logged(await layGuild(manager, guildId, before));
    const begin = async (manager: EntityManager): Promise<StepOutcome> => {
      const job = await lay(manager);
      if (job.position === undefined && (await eraseSmallGuild(manager, job, this.pace.sizes.guildRows))) {
        await removeErasureJob(manager, job);
        return { isDone: true, erased: noReferences() };
      }
      await saveErasureJob(manager, job);
      return { isDone: false };
    };
    return { lay, begin };
  }

  /** In the transaction that lays the tombstone: what cannot be logged is not erased. @throws ErasureLogError */
  private async logged(job: ErasureJob): Promise<ErasureJob> {
    await this.log?.append([job]);
    return job;
  }

  private withLock<T>(
    target: ErasureTarget,
    signal: AbortSignal | undefined,
    work: (runner: QueryRunner) => Promise<T>,
  ): Promise<T> {
    return withErasureLock(this.dataSource, target, { signal, limit: this.limit }, work);
  }

  /** On a connection of its own, when there is room for it. */
  private inOwnTransaction<T>(guildIds: readonly string[], work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.limit(async () => {
      const runner = this.dataSource.createQueryRunner();
      try {
        return await inTransaction(runner, guildIds, this.pace, work);
      } finally {
        await runner.release();
      }
    });
  }

  /** Takes one step after the other, up to the last. @returns what all of them erased; nothing where there is no job */
  private async goOn(runner: QueryRunner, target: ErasureTarget, signal?: AbortSignal): Promise<MemberReferences> {
    for (;;) {
      signal?.throwIfAborted();
      const outcome = await inTransaction(
        runner,
        [target.guildId],
        this.pace,
        async (manager): Promise<StepOutcome> => {
          const job = await findErasureJob(manager, target);
          return job === undefined ? { isDone: true, erased: noReferences() } : this.step(manager, job);
        },
      );
      if (outcome.isDone) return outcome.erased;
    }
  }

  private async step(manager: EntityManager, found: ErasureJob): Promise<StepOutcome> {
    const isBare = found.userId !== WHOLE_GUILD && found.position === undefined;
    const job = isBare ? await eraseSmallRows(manager, found) : found;
    const { erased: now, next } = await this.eraseRows(manager, job);
    const erased = addReferences(job.erased, now);
    if (next === undefined) {
      await removeErasureJob(manager, job);
      return { isDone: true, erased };
    }
    await saveErasureJob(manager, { ...job, erased, position: next });
    return { isDone: false };
  }

  private async eraseRows(
    manager: EntityManager,
    job: ErasureJob,
  ): Promise<{ erased: MemberReferences; next?: ErasurePosition }> {
    if (job.userId !== WHOLE_GUILD) {
      return eraseMemberEvents(manager, job, job.position as string | undefined, this.pace.sizes.memberEvents);
    }
    const from = job.position as GuildPosition | undefined;
    const next = await eraseGuildRows(manager, job, from, this.pace.sizes.guildRows);
    return { erased: noReferences(), next };
  }
}

/**
 * Rows are found by index, whatever the planner knows of tables that change as fast as these. Partitions neither come
 * nor go meanwhile; this lock is taken before that of the stripe, as the rollup worker does it.
 */
const PREPARE = `
  SET LOCAL enable_seqscan = off;
  SET LOCAL enable_hashjoin = off;
  SET LOCAL enable_mergejoin = off;
  SET LOCAL max_parallel_workers_per_gather = 0;
  LOCK TABLE ONLY statistic_events, ONLY statistic_totals, ONLY statistic_groups, ONLY guild_snapshots
    IN ACCESS SHARE MODE`;

/** Where a job goes on of which nothing is erased but what there is little of. */
const FIRST_POSITION = '-infinity';

/** @returns the job as it is now: where there was one already, it goes on, up to the new tombstone */
async function layMember(manager: EntityManager, target: ErasureTarget): Promise<ErasureJob> {
  const { guildId, userId } = target;
  return memberJob(manager, target, await layMemberTombstone(manager, guildId, userId));
}

/** @param beforeMessage what was posted of later messages stays */
async function memberJob(
  manager: EntityManager,
  target: ErasureTarget,
  before: string,
  beforeMessage?: string,
): Promise<ErasureJob> {
  const { erased = noReferences(), position } = (await findErasureJob(manager, target)) ?? {};
  const job = await eraseSmallRows(manager, { ...target, before, erased }, beforeMessage);
  return { ...job, position: position ?? FIRST_POSITION };
}

/** Erases of a member what there is little of. @returns the job, as it goes on */
async function eraseSmallRows(manager: EntityManager, job: ErasureJob, beforeMessage?: string): Promise<ErasureJob> {
  const { guildId, userId, erased } = job;
  let starboardEntries = 0;
  for (const { eraseMember } of ERASED_TABLES) {
    starboardEntries += (await eraseMember?.(manager, { guildId, userId, beforeMessage })) ?? 0;
  }
  const sum = { ...erased, starboardEntries: erased.starboardEntries + starboardEntries };
  return { ...job, erased: sum, position: FIRST_POSITION };
}

/** As {@link layMember}. */
async function layGuild(manager: EntityManager, guildId: string, before?: Date): Promise<ErasureJob> {
  return guildJob(manager, guildId, await layGuildTombstone(manager, guildId, before));
}

async function guildJob(manager: EntityManager, guildId: string, before: string): Promise<ErasureJob> {
  const target = { guildId, userId: WHOLE_GUILD };
  await eraseGuildSettings(manager, guildId);
  const { position } = (await findErasureJob(manager, target)) ?? {};
  return { ...target, before, erased: noReferences(), position };
}

async function isEnabledSince(manager: EntityManager, guildId: string, time: string): Promise<boolean> {
  const settings = await manager.getRepository(GuildSettings).findOneBy({ guildId });
  return settings !== null && settings.enabledAt > new Date(time);
}

/** The least id that Discord can have made at that time. */
function snowflakeAt(time: string): string {
  return (BigInt(Math.max(Date.parse(time) - DISCORD_EPOCH_MS, 0)) << 22n).toString();
}

/** Postgres breaks these off for the sake of others; the same again may succeed. */
const BROKEN_OFF: readonly (string | undefined)[] = [
  SQLSTATE.serializationFailure,
  SQLSTATE.deadlockDetected,
  SQLSTATE.outOfSharedMemory,
];

/**
 * Under the exclusive locks of the guilds' stripes. What Postgres broke off for the sake of others is tried again, with
 * half as much at once where its lock table is full.
 */
async function inTransaction<T>(
  runner: QueryRunner,
  guildIds: readonly string[],
  pace: StepPace,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      const result = await runner.manager.transaction('READ COMMITTED', async (manager) => {
        await manager.query(PREPARE);
        await lockStripes(manager, guildIds);
        return work(manager);
      });
      pace.recover();
      return result;
    } catch (error) {
      const state = sqlState(error);
      if (!BROKEN_OFF.includes(state) || attempt === STEP_ATTEMPTS) throw error;
      if (state === SQLSTATE.outOfSharedMemory) pace.halve();
      await systemClock.sleep(growingPause(attempt, STEP_PAUSES));
    }
  }
}

function keyOf({ guildId, userId }: ErasureTarget): string {
  return `${guildId}/${userId}`;
}

function asUnfinished(error: unknown): ErasureUnfinishedError {
  return error instanceof ErasureUnfinishedError ? error : new ErasureUnfinishedError(error);
}
