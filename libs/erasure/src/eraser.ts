import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { DISCORD_EPOCH_MS } from '#libs/contracts';
import { FailingItems } from '#libs/timing';
import { GuildSettings } from '#libs/database';
import {
  findErasureJob,
  listErasureJobs,
  NOTHING_ERASED,
  removeErasureJob,
  saveErasureJob,
  saveNewErasureJobs,
  type ErasureJob,
  type ErasurePosition,
  type ErasureTarget,
  type GuildPosition,
} from './erasure-jobs.js';
import {
  deleteExpiredLeases,
  ErasureTakenOverError,
  tryWithErasureLock,
  withErasureLock,
  type Limit,
} from './erasure-lock.js';
import type { ErasureLog, LoggedErasure } from './erasure-log.js';
import { eraseSmallRows, guildJob, memberJob, startGuild, startMember } from './erasure-start.js';
import { inTransaction } from './erasure-transaction.js';
import { eraseGuildRows, eraseSmallGuild } from './guild-erasure.js';
import { eraseMemberEvents } from './member-erasure.js';
import { addReferences, noReferences, type MemberReferences } from './member-references.js';
import { StepPace, type ErasureStepSizes } from './step-pace.js';
import { restoreTombstone, WHOLE_GUILD, writeMemberTombstones } from './tombstones.js';

/** A step with these sizes takes 50 to 150 ms, during which the stripe stores no events; see docs/performance.md. */
export const ERASURE_STEP_SIZES: ErasureStepSizes = { memberEvents: 5_000, guildRows: 20_000 };

/** The erasure has started but is not finished. {@link Eraser.finishAll} continues it. */
export class ErasureUnfinishedError extends Error {
  override readonly name = 'ErasureUnfinishedError';

  constructor(cause: unknown) {
    super('the erasure has started but is not finished', { cause });
  }
}

/**
 * The state of a requested erasure:
 *
 * - `waiting`: nothing has changed yet
 * - `joined`: its tombstone is written; another process runs the same erasure and continues up to this tombstone
 * - `started`: its first step is running or done
 */
export type ErasureState = 'waiting' | 'joined' | 'started';

export interface ErasureOptions {
  /** Ends the work between two steps. An erasure that has not started changes nothing. */
  signal?: AbortSignal;
  /** Called with each state after `waiting`. */
  onState?: (state: ErasureState) => void;
}

/** The start of an erasure. Both functions need the exclusive lock of the guild's stripe. */
interface ErasureStart {
  /** Writes the tombstone and erases tables with few rows. @returns the job for the rest, which is not saved yet */
  createJob: (manager: EntityManager) => Promise<ErasureJob>;
  /** The same, and the first step of the job. */
  takeFirstStep: (manager: EntityManager) => Promise<StepOutcome>;
}

type StepOutcome = { isDone: true; erased: MemberReferences } | { isDone: false };

/** The back-off of erasures that {@link Eraser.finishAll} could not finish. */
const FAILED_PAUSES = { firstMs: 60_000, longestMs: 15 * 60_000 };

/**
 * Erases members and guilds in steps. Each step is a transaction under the exclusive lock of the guild's stripe that
 * erases a limited number of rows. The first step writes the tombstone, so that no older events are stored any more. If
 * rows are left, it saves a job, and further steps follow until the last one removes the job. Between two steps the
 * lock is free.
 *
 * Steps read and change their state in the database, under the lock. So any process can take any step: after a crash,
 * {@link finish}, {@link finishAll} or the same request continues. The erasure lock lets one process at a time work on
 * a job, so that it can return the sum.
 */
export class Eraser {
  private readonly pace: StepPace;
  private readonly failing = new FailingItems(FAILED_PAUSES);

  /**
   * @param limit limits how many requested erasures hold a connection; does not apply to {@link finishAll}
   * @param log every erasure is appended to it before its tombstone is committed
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
   * Removes the member from all data of the guild. Events still count, but lose their user, message and derived id.
   * Events of the member from before now that arrive later are not stored.
   *
   * @returns what was erased, including the earlier steps of an unfinished erasure
   * @throws ErasureUnfinishedError after it has started; before that any other error, such as ErasureLogError, and
   *   nothing was changed
   */
  eraseMember(guildId: string, userId: string, options?: ErasureOptions): Promise<MemberReferences> {
    return this.erase({ guildId, userId }, this.memberStart(guildId, userId), options);
  }

  /**
   * As {@link eraseMember}, in several guilds. One transaction writes all tombstones and erases nothing, because it
   * holds the locks of all guilds' stripes. Then the guilds are erased one by one. The erasure starts in all guilds or
   * none.
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
      onState?.('started');
      const befores = await writeMemberTombstones(manager, guildIds, userId);
      await saveNewErasureJobs(manager, userId, befores);
      await this.log?.append(guildIds.map((guildId) => ({ guildId, userId, before: befores.get(guildId)! })));
    });
    const erased = new Map<string, MemberReferences>();
    try {
      for (const guildId of guildIds) {
        const target = { guildId, userId };
        erased.set(guildId, await this.withLock(target, signal, (runner) => this.continueJob(runner, target, signal)));
      }
      return erased;
    } catch (error) {
      throw asUnfinished(error);
    }
  }

  /**
   * Repeats an erasure from a log, up to its original time, in a database that was restored from an older backup. It is
   * not logged again.
   *
   * @returns false, and does nothing, if the guild was enabled again after the erasure, which was finished then
   * @throws as {@link eraseMember}
   */
  async eraseAgain(logged: LoggedErasure): Promise<boolean> {
    const { guildId, userId, before } = logged;
    const target = { guildId, userId };
    const isWanted = await this.inOwnTransaction([guildId], async (manager) => {
      if (userId === WHOLE_GUILD && (await isEnabledSince(manager, guildId, before))) return false;
      const tombstone = await restoreTombstone(manager, logged);
      const job =
        userId === WHOLE_GUILD
          ? await guildJob(manager, guildId, tombstone)
          : await memberJob(manager, target, tombstone, snowflakeAt(before));
      await saveErasureJob(manager, job);
      return true;
    });
    if (isWanted) await this.finish(target);
    return isWanted;
  }

  /**
   * Erases all data of the guild. Events of the guild from before now that arrive later are not stored.
   *
   * @throws as {@link eraseMember}
   */
  async eraseGuild(guildId: string, options?: ErasureOptions): Promise<void> {
    const target = { guildId, userId: WHOLE_GUILD };
    await this.erase(target, this.guildStart(guildId), options);
  }

  /**
   * The first step of {@link eraseGuild}. After its commit the guild has no settings, and no event from before `before`
   * is stored any more. Call this under the exclusive lock of the guild's stripe.
   *
   * @returns whether everything is erased; otherwise {@link finish} erases the rest
   */
  async startGuild(manager: EntityManager, guildId: string, before: Date): Promise<boolean> {
    return (await this.guildStart(guildId, before).takeFirstStep(manager)).isDone;
  }

  /**
   * Finishes an erasure, or waits for the process that runs it. Does nothing if there is no unfinished erasure.
   *
   * @throws ErasureUnfinishedError
   */
  async finish(target: ErasureTarget, options: ErasureOptions = {}): Promise<void> {
    try {
      const { signal, onState } = options;
      const onLockHeld = async () => onState?.('joined');
      await withErasureLock(this.dataSource, target, { signal, limit: this.limit, onLockHeld }, (runner) => {
        onState?.('started');
        return this.continueJob(runner, target, signal);
      });
    } catch (error) {
      throw asUnfinished(error);
    }
  }

  /**
   * Finishes all unfinished erasures that no other process works on, one by one. One that fails is skipped for a
   * growing back-off.
   *
   * @param signal ends the work between two steps
   * @param onFailure called for each erasure that fails; the others continue
   * @param now Unix milliseconds, for the back-off
   * @returns how many erasures were finished
   */
  async finishAll(
    signal: AbortSignal,
    onFailure: (error: Error, target: ErasureTarget) => void,
    now = Date.now(),
  ): Promise<number> {
    let finished = 0;
    await deleteExpiredLeases(this.dataSource);
    const targets = await listErasureJobs(this.dataSource.manager);
    this.failing.keepOnly(new Set(targets.map(keyOf)));
    for (const target of targets) {
      if (this.failing.isPaused(keyOf(target), now)) continue;
      try {
        const outcome = await tryWithErasureLock(this.dataSource, target, (runner) =>
          this.continueJob(runner, target, signal),
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
   * If another process erases the target, this one writes its tombstone before it waits. So even if the wait ends
   * early, events from before now that arrive later are not stored.
   */
  private async erase(
    target: ErasureTarget,
    { createJob, takeFirstStep }: ErasureStart,
    options: ErasureOptions = {},
  ): Promise<MemberReferences> {
    const { signal, onState } = options;
    let hasStarted = false;
    const onLockHeld = async () => {
      if (hasStarted) return;
      await this.inOwnTransaction([target.guildId], async (manager) => {
        signal?.throwIfAborted();
        await saveErasureJob(manager, await createJob(manager));
      });
      hasStarted = true;
      onState?.('joined');
    };
    try {
      return await withErasureLock(
        this.dataSource,
        target,
        { signal, limit: this.limit, onLockHeld },
        async (runner) => {
          if (!hasStarted) {
            const first = await inTransaction(runner, [target.guildId], this.pace, async (manager) => {
              signal?.throwIfAborted();
              onState?.('started');
              return takeFirstStep(manager);
            });
            if (first.isDone) return first.erased;
            hasStarted = true;
          }
          onState?.('started');
          return this.continueJob(runner, target, signal);
        },
      );
    } catch (error) {
      throw hasStarted || error instanceof ErasureTakenOverError ? asUnfinished(error) : error;
    }
  }

  private memberStart(guildId: string, userId: string): ErasureStart {
    const createJob = async (manager: EntityManager) =>
      this.appendToLog(await startMember(manager, { guildId, userId }));
    return { createJob, takeFirstStep: async (manager) => this.step(manager, await createJob(manager)) };
  }

  private guildStart(guildId: string, before?: Date): ErasureStart {
    const createJob = async (manager: EntityManager) => this.appendToLog(await startGuild(manager, guildId, before));
    const takeFirstStep = async (manager: EntityManager): Promise<StepOutcome> => {
      const job = await createJob(manager);
      if (job.position === undefined && (await eraseSmallGuild(manager, job, this.pace.sizes.guildRows))) {
        await removeErasureJob(manager, job);
        return { isDone: true, erased: noReferences() };
      }
      await saveErasureJob(manager, job);
      return { isDone: false };
    };
    return { createJob, takeFirstStep };
  }

  /** Runs in the transaction that writes the tombstone, which fails if logging fails. @throws ErasureLogError */
  private async appendToLog(job: ErasureJob): Promise<ErasureJob> {
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

  /** On a separate connection, within the limit. */
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

  /** Takes all remaining steps. @returns what all steps of the job erased; nothing if there is no job */
  private async continueJob(
    runner: QueryRunner,
    target: ErasureTarget,
    signal?: AbortSignal,
  ): Promise<MemberReferences> {
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
    const job = found.position === NOTHING_ERASED ? await eraseSmallRows(manager, found) : found;
    const { erased: erasedNow, next } = await this.eraseRows(manager, job);
    const erased = addReferences(job.erased, erasedNow);
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

async function isEnabledSince(manager: EntityManager, guildId: string, time: string): Promise<boolean> {
  const settings = await manager.getRepository(GuildSettings).findOneBy({ guildId });
  return settings !== null && settings.enabledAt > new Date(time);
}

/** The smallest Discord id of that time. */
function snowflakeAt(time: string): string {
  return (BigInt(Math.max(Date.parse(time) - DISCORD_EPOCH_MS, 0)) << 22n).toString();
}

function keyOf({ guildId, userId }: ErasureTarget): string {
  return `${guildId}/${userId}`;
}

function asUnfinished(error: unknown): ErasureUnfinishedError {
  return error instanceof ErasureUnfinishedError ? error : new ErasureUnfinishedError(error);
}
