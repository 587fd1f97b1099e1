import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { after, databaseNow, lockStripesShared, WorkList, type ClaimedRow, type DueRow } from '#libs/database';
import { MIN_LOOK_INTERVAL_MS, requestDueLooks, requestStarboardLooks, type StarredMessage } from '#libs/starboard';

/**
 * - `follow`: bring the entry of the message up to date
 * - `remove`: delete the post `messageId`, whose entry was erased
 * - `seek`: delete the post about `messageId`, if there is one: its entry was erased while it was being posted
 * - `unname`: take the name of an erased member out of the post `messageId`, which says whom its message answers
 */
export type TaskName = 'follow' | 'remove' | 'seek' | 'unname';

export interface TaskKey {
  guildId: string;
  messageId: string;
  task: TaskName;
}

export type DueTask = DueRow<TaskKey>;

interface TaskRow {
  /** Of the message: where it stands, or (`seek`) where its post would. */
  channelId: string;
  createdAt: Date;
  /** `seek`: the post is not older. */
  postedAfter: Date | null;
  /** Grows with every star event; what has grown during a run needs another. */
  requests: number;
}

export type ClaimedTask = ClaimedRow<TaskKey, TaskRow>;

const DAY_MS = 86_400_000;
/** What has failed for so long is given up; posts that have to go for privacy not so soon. */
const GIVEN_UP_AFTER_MS: Record<TaskName, number> = {
  follow: DAY_MS,
  remove: 30 * DAY_MS,
  seek: 30 * DAY_MS,
  unname: 30 * DAY_MS,
};
/** What runs longer renews its lease; one that is not renewed belongs to a process that died. */
const LEASE_MS = 30_000;
const PAUSES = { firstMs: 2_000, longestMs: 15 * 60_000 };
/** Of all that is due, so much is looked at: a long list is not read whole for every task. */
const TASKS_IN_SIGHT = 1_000;
const KEPT_IDLE_MS = 60_000;
const KEPT_PROBLEMS_MS = 7 * DAY_MS;

const tasks = new WorkList<TaskKey, TaskRow>({
  table: 'starboard_tasks',
  key: { guildId: 'guild_id', messageId: 'message_id', task: 'task' },
  row: { channelId: 'channel_id', createdAt: 'created_at', postedAfter: 'posted_after', requests: 'requests' },
  leaseMs: LEASE_MS,
  pauses: PAUSES,
  hopelessAfterMs: ({ task }) => GIVEN_UP_AFTER_MS[task],
});

/**
 * The work list of the starboard, in `starboard_tasks`. A row without `due_at` has nothing to do; it is kept for a
 * while, since the next run must not come too soon.
 */
@Injectable()
export class StarboardTasks {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Asks for a run for each of these messages, where a starboard wants it. What is asked for already stays when it is.
   *
   * @param messages each once
   * @returns those that are wanted, as `guild/message`
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

  /** Asks for a run for entries that are to be looked at without an event. */
  async requestDueLooks(): Promise<void> {
    await this.dataSource.transaction((manager) => requestDueLooks(manager));
  }

  /**
   * A task for each guild, but for these, among those that have been due for longest: what is to be deleted comes
   * first. Of guilds whose tasks are many it may tell no others.
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
      [new Date(await databaseNow(this.dataSource)), withoutGuilds, limit, TASKS_IN_SIGHT],
    );
  }

  /** @returns undefined when another instance was faster */
  claim(due: DueTask): Promise<ClaimedTask | undefined> {
    return tasks.claim(this.dataSource, due);
  }

  /** @returns false when the lease ran out and another instance has the task */
  renew(task: ClaimedTask): Promise<boolean> {
    return tasks.renew(this.dataSource, task);
  }

  /** It was done; what was asked for meanwhile is to be done again. */
  async complete(task: ClaimedTask): Promise<void> {
    if (task.task === 'remove' || task.task === 'seek') return this.drop(task);
    const nextLook = after(MIN_LOOK_INTERVAL_MS);
    await tasks.succeed(this.dataSource, task, {
      due: (now, add) => `CASE WHEN requests > ${add(task.requests)} THEN ${nextLook(now, add)} END`,
      set: (now) => ({ last_run_at: now, last_error: null, refusal: null }),
    });
  }

  /**
   * It has to wait for so many milliseconds; the attempt does not count.
   *
   * @param problem why; without one, that it waits says nothing against it
   */
  async postpone(task: ClaimedTask, ms: number, problem?: string): Promise<void> {
    await tasks.postpone(this.dataSource, task, {
      due: after(ms),
      isFailing: problem !== undefined,
      set: (now) => ({ last_run_at: now, last_error: problem ?? null }),
    });
  }

  /**
   * It failed, and is tried again after a pause that grows.
   *
   * @param refusal for people, where Discord does not take the post about this very message
   */
  async retry(task: ClaimedTask, error: string, refusal?: string): Promise<void> {
    const set = (now: Date) => ({ last_run_at: now, last_error: error, refusal: refusal ?? null });
    await tasks.fail(this.dataSource, task, { set });
  }

  async drop(task: ClaimedTask): Promise<void> {
    await tasks.drop(this.dataSource, task);
  }

  /**
   * Nothing that an erasure left to be done in the channel is tried for so many milliseconds: there may be thousands of
   * posts.
   */
  async holdErasures({ guildId, channelId }: ClaimedTask, ms: number): Promise<void> {
    const now = await databaseNow(this.dataSource);
    await this.dataSource.query(
      `UPDATE starboard_tasks SET due_at = $3, failing_since = coalesce(failing_since, $4)
       WHERE guild_id = $1 AND channel_id = $2 AND task <> 'follow' AND due_at < $3`,
      [guildId, channelId, new Date(now + ms), new Date(now)],
    );
  }

  /** Drops everything of the guild that deletes or changes posts for an erasure. @returns how many there were */
  async dropErasures(guildId: string): Promise<number> {
    const [, dropped] = await this.dataSource.query<[unknown[], number]>(
      `DELETE FROM starboard_tasks WHERE guild_id = $1 AND task <> 'follow'`,
      [guildId],
    );
    return dropped;
  }

  /** Drops what has nothing to do any more, and problems that nobody has met for a week. */
  async sweep(): Promise<void> {
    const now = await databaseNow(this.dataSource);
    await this.dataSource.query(`DELETE FROM starboard_tasks WHERE due_at IS NULL AND last_run_at < $1`, [
      new Date(now - KEPT_IDLE_MS),
    ]);
    await this.dataSource.query(`DELETE FROM starboard_problems WHERE seen_at < $1`, [
      new Date(now - KEPT_PROBLEMS_MS),
    ]);
  }

  /** How much there is to do, and in how many guilds something keeps the starboard from working. */
  async count(): Promise<{ tasks: number; guildsWithProblems: number }> {
    const [counts] = await this.dataSource.query<[{ tasks: number; guildsWithProblems: number }]>(
      `SELECT (SELECT count(*)::int FROM starboard_tasks WHERE due_at IS NOT NULL) AS tasks,
         (SELECT count(DISTINCT guild_id)::int FROM starboard_problems) AS "guildsWithProblems"`,
    );
    return counts;
  }
}
