import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { after, databaseNow, lockStripesShared, WorkList, type ClaimedRow, type DueRow } from '#libs/database';
import { MIN_LOOK_INTERVAL_MS, requestDueLooks, requestStarboardLooks, type StarredMessage } from '#libs/starboard';

/**
 * - `follow`: update the entry of the message
 * - `remove`: delete the post `messageId`, whose entry was erased
 * - `seek`: delete the post about `messageId`, if it exists: its entry was erased while it was being posted
 * - `unname`: remove the name of an erased member from the post `messageId`, which is about a reply to the member
 */
export type TaskName = 'follow' | 'remove' | 'seek' | 'unname';

export interface TaskKey {
  guildId: string;
  messageId: string;
  task: TaskName;
}

export type DueTask = DueRow<TaskKey>;

interface TaskRow {
  /** The channel of the message, or (`seek`) of its post. */
  channelId: string;
  createdAt: Date;
  /** `seek`: a lower limit for the post's time. */
  postedAfter: Date | null;
  /** Incremented by every star event. If it grows during a run, another run follows. */
  requests: number;
}

export type ClaimedTask = ClaimedRow<TaskKey, TaskRow>;

const DAY_MS = 86_400_000;
/** Tasks that fail for this long are given up. Erasures are retried longer. */
const GIVE_UP_AFTER_MS: Record<TaskName, number> = {
  follow: DAY_MS,
  remove: 30 * DAY_MS,
  seek: 30 * DAY_MS,
  unname: 30 * DAY_MS,
};
/** Longer runs renew their lease. A lease that expires belongs to a crashed process. */
const LEASE_MS = 30_000;
const PAUSES = { firstMs: 2_000, longestMs: 15 * 60_000 };
/** The maximum number of due tasks that are read at a time. */
const MAX_TASKS_READ = 1_000;
const KEPT_IDLE_MS = 60_000;
const KEPT_PROBLEMS_MS = 7 * DAY_MS;

const tasks = new WorkList<TaskKey, TaskRow>({
  table: 'starboard_tasks',
  key: { guildId: 'guild_id', messageId: 'message_id', task: 'task' },
  row: { channelId: 'channel_id', createdAt: 'created_at', postedAfter: 'posted_after', requests: 'requests' },
  leaseMs: LEASE_MS,
  pauses: PAUSES,
  hopelessAfterMs: ({ task }) => GIVE_UP_AFTER_MS[task],
});

/**
 * The work list of the starboard, in `starboard_tasks`. A row without `due_at` has nothing to do. It is kept for a
 * while to enforce the minimum time between two runs.
 */
@Injectable()
export class StarboardTasks {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Requests a run for each message whose guild has a starboard. Runs that are already requested keep their time.
   *
   * @param messages without duplicates
   * @returns the messages with a requested run, as `guild/message`
   */
  async request(messages: readonly StarredMessage[]): Promise<Set<string>> {
    const rows = await this.dataSource.transaction(async (manager) => {
      await lockStripesShared(
        manager,
        messages.map(({ guildId }) => guildId),
      );
      return requestStarboardLooks(manager, messages);
    });
    return new Set(rows.map(({ guildId, messageId }) => `${guildId}/${messageId}`));
  }

  /** Requests runs for entries whose regular look is due. */
  async requestDueLooks(): Promise<void> {
    await this.dataSource.transaction((manager) => requestDueLooks(manager));
  }

  /**
   * One due task for each guild except `withoutGuilds`, the longest waiting first, erasures before looks. Guilds with
   * many tasks may hide others, because a limited number of tasks is read.
   */
  async listDue(withoutGuilds: readonly string[], limit: number): Promise<DueTask[]> {
    return this.dataSource.query<DueTask[]>(
      `SELECT guild_id AS "guildId", message_id AS "messageId", task, attempts
       FROM (
         SELECT DISTINCT ON (guild_id) guild_id, message_id, task, due_at, attempts FROM (
           SELECT guild_id, message_id, task, due_at, attempts FROM starboard_tasks
           WHERE ${tasks.isDue('$1')} AND guild_id <> ALL ($2::bigint[])
           ORDER BY due_at LIMIT $4
         ) oldest
         ORDER BY guild_id, task = 'follow', due_at
       ) first
       ORDER BY due_at LIMIT $3`,
      [new Date(await databaseNow(this.dataSource)), withoutGuilds, limit, MAX_TASKS_READ],
    );
  }

  /** @returns undefined if another instance has claimed it */
  claim(due: DueTask): Promise<ClaimedTask | undefined> {
    return tasks.claim(this.dataSource, due);
  }

  /** @returns false if the lease has expired and another instance has the task */
  renew(task: ClaimedTask): Promise<boolean> {
    return tasks.renew(this.dataSource, task);
  }

  /** The task is done. It is due again if it was requested meanwhile. */
  async complete(task: ClaimedTask): Promise<void> {
    if (task.task === 'remove' || task.task === 'seek') return this.drop(task);
    const nextLook = after(MIN_LOOK_INTERVAL_MS);
    await tasks.succeed(this.dataSource, task, {
      due: (now, add) => `CASE WHEN requests > ${add(task.requests)} THEN ${nextLook(now, add)} END`,
      set: (now) => ({ last_run_at: now, last_error: null, refusal: null }),
    });
  }

  /**
   * The task has to wait for this many milliseconds. The attempt does not count.
   *
   * @param problem why; without a problem, the wait does not count as failing
   */
  async postpone(task: ClaimedTask, ms: number, problem?: string): Promise<void> {
    await tasks.postpone(this.dataSource, task, {
      due: after(ms),
      isFailing: problem !== undefined,
      set: (now) => ({ last_run_at: now, last_error: problem ?? null }),
    });
  }

  /**
   * The task failed and is retried after a growing back-off.
   *
   * @param refusal for people, if Discord rejects the post about this message
   */
  async retry(task: ClaimedTask, error: string, refusal?: string): Promise<void> {
    const set = (now: Date) => ({ last_run_at: now, last_error: error, refusal: refusal ?? null });
    await tasks.fail(this.dataSource, task, { set });
  }

  async drop(task: ClaimedTask): Promise<void> {
    await tasks.drop(this.dataSource, task);
  }

  /**
   * Postpones all tasks of erasures in the channel by this many milliseconds, because there may be thousands of posts.
   */
  async holdErasures({ guildId, channelId }: ClaimedTask, ms: number): Promise<void> {
    const now = await databaseNow(this.dataSource);
    await this.dataSource.query(
      `UPDATE starboard_tasks SET due_at = $3, failing_since = coalesce(failing_since, $4)
       WHERE guild_id = $1 AND channel_id = $2 AND task <> 'follow' AND due_at < $3`,
      [guildId, channelId, new Date(now + ms), new Date(now)],
    );
  }

  /** Drops all tasks of erasures in the guild. @returns their number */
  async dropErasures(guildId: string): Promise<number> {
    const [, dropped] = await this.dataSource.query<[unknown[], number]>(
      `DELETE FROM starboard_tasks WHERE guild_id = $1 AND task <> 'follow'`,
      [guildId],
    );
    return dropped;
  }

  /** Deletes idle tasks, and problems that have not occurred for a week. */
  async deleteExpired(): Promise<void> {
    const now = await databaseNow(this.dataSource);
    await this.dataSource.query(`DELETE FROM starboard_tasks WHERE due_at IS NULL AND last_run_at < $1`, [
      new Date(now - KEPT_IDLE_MS),
    ]);
    await this.dataSource.query(`DELETE FROM starboard_problems WHERE seen_at < $1`, [
      new Date(now - KEPT_PROBLEMS_MS),
    ]);
  }

  /** The number of tasks, and of guilds with problems. */
  async count(): Promise<{ tasks: number; guildsWithProblems: number }> {
    const [counts] = await this.dataSource.query<[{ tasks: number; guildsWithProblems: number }]>(
      `SELECT (SELECT count(*)::int FROM starboard_tasks WHERE due_at IS NOT NULL) AS tasks,
         (SELECT count(DISTINCT guild_id)::int FROM starboard_problems) AS "guildsWithProblems"`,
    );
    return counts;
  }
}
