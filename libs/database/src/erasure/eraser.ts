import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { SQLSTATE, sqlState } from '../database-errors.js';
import { lockStripe } from '../stripes.js';
import {
  findErasureJob,
  listErasureJobs,
  removeErasureJob,
  saveErasureJob,
  type ErasureJob,
  type ErasurePosition,
  type ErasureTarget,
  type GuildPosition,
} from './erasure-jobs.js';
import { tryWithErasureLock, withErasureLock, type Limit } from './erasure-lock.js';
import { eraseGuildRows, eraseGuildSettings, eraseSmallGuild } from './guild-erasure.js';
import { eraseMemberEntries } from '../starboard/starboard-erasure.js';
import { eraseMemberEvents, eraseOutlivedGroups } from './member-erasure.js';
import { addReferences, noReferences, type MemberReferences } from './member-references.js';
import { StepPace, type ErasureStepSizes } from './step-pace.js';
import { layGuildTombstone, layMemberTombstone, WHOLE_GUILD } from './tombstones.js';

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
 * - `elsewhere`: nothing is changed by this one yet, as somebody else erases the same
 * - `begun`: its first step is at work, or done
 */
export type ErasureState = 'waiting' | 'elsewhere' | 'begun';

export interface ErasureOptions {
  /** Ends the work between two steps. An erasure that has not begun when it aborts, changes nothing. */
  signal?: AbortSignal;
  /** Called with each state after `waiting`. */
  onState?: (state: ErasureState) => void;
}

type StepOutcome = { isDone: true; erased: MemberReferences } | { isDone: false };

const STEP_ATTEMPTS = 5;
const ATTEMPT_PAUSE_MS = 100;

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

  /** @param limit bounds how many erasures that somebody asked for hold a connection; not those of {@link finishAll} */
  constructor(
    private readonly dataSource: DataSource,
    sizes: ErasureStepSizes = ERASURE_STEP_SIZES,
    private readonly limit: Limit = (work) => work(),
  ) {
    this.pace = new StepPace(sizes);
  }

  /**
   * Takes the member out of everything that is stored of the guild. Events keep counting, but bear no user, no message
   * and no id that was derived from one. Events of the member from before now that come later are not stored.
   *
   * @returns what was erased, when all is; with what earlier steps of an unfinished erasure had erased
   * @throws ErasureUnfinishedError once it has begun; any other error before, and then nothing was changed
   */
  eraseMember(guildId: string, userId: string, options?: ErasureOptions): Promise<MemberReferences> {
    return this.erase({ guildId, userId }, (manager) => this.beginMember(manager, guildId, userId), options);
  }

  /**
   * Erases all that is stored of the guild. Its events from before now that come later are not stored.
   *
   * @throws as {@link eraseMember}
   */
  async eraseGuild(guildId: string, options?: ErasureOptions): Promise<void> {
    const target = { guildId, userId: WHOLE_GUILD };
    await this.erase(target, (manager) => this.beginGuild(manager, guildId), options);
  }

  /**
   * The first step of {@link eraseGuild}, of what happened before that time and what is stored: from its commit on the
   * guild is one without settings, and nothing from before is stored. Call it under the exclusive lock of the guild's
   * stripe.
   *
   * @returns whether all is erased; else the rest is for {@link finish}
   */
  async startGuild(manager: EntityManager, guildId: string, before: Date): Promise<boolean> {
    return (await this.beginGuild(manager, guildId, before)).isDone;
  }

  /**
   * Finishes an erasure, or waits for who is doing it; does nothing where none is unfinished.
   *
   * @throws ErasureUnfinishedError
   */
  async finish(target: ErasureTarget, options: ErasureOptions = {}): Promise<void> {
    try {
      await this.withLock(target, options, (runner) => {
        options.onState?.('begun');
        return this.goOn(runner, target, options.signal);
      });
    } catch (error) {
      throw asUnfinished(error);
    }
  }

  /**
   * Finishes all erasures that nobody else is working on, one after the other.
   *
   * @param signal ends the work between two steps
   * @param onFailure called for each that could not be finished; the others are not kept from it
   * @returns how many were finished
   */
  async finishAll(signal: AbortSignal, onFailure: (error: Error, target: ErasureTarget) => void): Promise<number> {
    let finished = 0;
    for (const target of await listErasureJobs(this.dataSource.manager)) {
      try {
        const outcome = await tryWithErasureLock(this.dataSource, target, (runner) =>
          this.goOn(runner, target, signal),
        );
        if (outcome !== undefined) finished++;
      } catch (error) {
        if (signal.aborted) break;
        onFailure(error as Error, target);
      }
    }
    return finished;
  }

  private erase(
    target: ErasureTarget,
    begin: (manager: EntityManager) => Promise<StepOutcome>,
    options: ErasureOptions = {},
  ): Promise<MemberReferences> {
    return this.withLock(target, options, async (runner) => {
      const first = await inTransaction(runner, target.guildId, this.pace, async (manager) => {
        options.signal?.throwIfAborted();
        options.onState?.('begun');
        return begin(manager);
      });
      if (first.isDone) return first.erased;
      return this.goOn(runner, target, options.signal).catch((error: unknown) => {
        throw asUnfinished(error);
      });
    });
  }

  private withLock<T>(
    target: ErasureTarget,
    { signal, onState }: ErasureOptions,
    work: (runner: QueryRunner) => Promise<T>,
  ): Promise<T> {
    const onElsewhere = () => onState?.('elsewhere');
    return withErasureLock(this.dataSource, target, { signal, limit: this.limit, onElsewhere }, work);
  }

  private async beginMember(manager: EntityManager, guildId: string, userId: string): Promise<StepOutcome> {
    const target = { guildId, userId };
    const before = await layMemberTombstone(manager, guildId, userId);
    const starboardEntries = await eraseMemberEntries(manager, guildId, userId);
    await eraseOutlivedGroups(manager, guildId);
    const { erased, position } = (await findErasureJob(manager, target)) ?? { erased: noReferences() };
    return this.step(manager, {
      ...target,
      before,
      erased: { ...erased, starboardEntries: erased.starboardEntries + starboardEntries },
      position,
    });
  }

  private async beginGuild(manager: EntityManager, guildId: string, before?: Date): Promise<StepOutcome> {
    const target = { guildId, userId: WHOLE_GUILD };
    const reached = await layGuildTombstone(manager, guildId, before);
    await eraseGuildSettings(manager, guildId);
    const { position } = (await findErasureJob(manager, target)) ?? {};
    const job = { ...target, before: reached, erased: noReferences(), position };
    if (position === undefined && (await eraseSmallGuild(manager, job, this.pace.sizes.guildRows))) {
      await removeErasureJob(manager, job);
      return { isDone: true, erased: noReferences() };
    }
    await saveErasureJob(manager, job);
    return { isDone: false };
  }

  /** Takes one step after the other, up to the last. @returns what all of them erased; nothing where there is no job */
  private async goOn(runner: QueryRunner, target: ErasureTarget, signal?: AbortSignal): Promise<MemberReferences> {
    for (;;) {
      signal?.throwIfAborted();
      const outcome = await inTransaction(runner, target.guildId, this.pace, async (manager): Promise<StepOutcome> => {
        const job = await findErasureJob(manager, target);
        return job === undefined ? { isDone: true, erased: noReferences() } : this.step(manager, job);
      });
      if (outcome.isDone) return outcome.erased;
    }
  }

  private async step(manager: EntityManager, job: ErasureJob): Promise<StepOutcome> {
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

/** Postgres breaks these off for the sake of others; the same again may succeed. */
const BROKEN_OFF: readonly (string | undefined)[] = [
  SQLSTATE.serializationFailure,
  SQLSTATE.deadlockDetected,
  SQLSTATE.outOfSharedMemory,
];

/**
 * Under the exclusive lock of the guild's stripe. What Postgres broke off for the sake of others is tried again, with
 * half as much at once where its lock table is full.
 */
async function inTransaction<T>(
  runner: QueryRunner,
  guildId: string,
  pace: StepPace,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      const result = await runner.manager.transaction('READ COMMITTED', async (manager) => {
        await manager.query(PREPARE);
        await lockStripe(manager, guildId);
        return work(manager);
      });
      pace.recover();
      return result;
    } catch (error) {
      const state = sqlState(error);
      if (!BROKEN_OFF.includes(state) || attempt === STEP_ATTEMPTS) throw error;
      if (state === SQLSTATE.outOfSharedMemory) pace.halve();
      await sleep(2 ** (attempt - 1) * ATTEMPT_PAUSE_MS);
    }
  }
}

function asUnfinished(error: unknown): ErasureUnfinishedError {
  return error instanceof ErasureUnfinishedError ? error : new ErasureUnfinishedError(error);
}
