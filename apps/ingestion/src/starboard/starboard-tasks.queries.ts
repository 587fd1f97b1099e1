import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { lockStripesShared } from '#libs/database';
import {
  BETWEEN_STARBOARD_LOOKS_MS,
  requestDueLooks,
  requestStarboardLooks,
  type StarredMessage,
} from '#libs/starboard';
import { growingPause, type Pauses } from '#libs/timing';

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

export interface DueTask extends TaskKey {
  /** Runs in a row that failed or did not come to their end. */
  attempts: number;
}

export interface ClaimedTask extends TaskKey {
  /** Of the message: where it stands, or (`seek`) where its post would. */
  channelId: string;
  createdAt: Date;
  /** `seek`: the post is not older. */
  postedAfter: Date | null;
  /** Grows with every star event; what has grown during a run needs another. */
  requests: number;
  /** Runs in a row before this one that failed or did not come to their end. */
  attempts: number;
  failingSince: Date | null;
  /** The run before this one did not come to its end: its process died, or could not reach the database. */
  wasLeft: boolean;
  /** Whoever claimed it. A claim that ran out may have been given to another. */
  claim: string;
}

/** After a first failure; doubled with each further one. */
export const PAUSES: Pauses = { firstMs: 2_000, longestMs: 15 * 60_000 };
/** What runs longer renews its claim; a claim that is not renewed belongs to a process that died. */
const CLAIM_MS = 30_000;
/** Of all that is due, so much is looked at: a long list is not read whole for every task. */
const TASKS_IN_SIGHT = 1_000;
const KEPT_IDLE_MS = 60_000;
const KEPT_PROBLEMS_MS = 7 * 86_400_000;

/**
 * The work list of the starboard, in `starboard_tasks`. A row without `due_at` has nothing to do; it is kept for a
 * while, since the next run must not come too soon. Times are those of the caller's clock.
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
  async request(messages: readonly StarredMessage[], now: number): Promise<Set<string>> {
    const rows = await this.dataSource.transaction(async (manager) => {
      await lockStripesShared(
        manager,
        messages.map(({ guildId }) => guildId),
      );
      return requestStarboardLooks(manager, messages, now);
    });
    return new Set(rows.map(({ guildId, messageId }) => `${guildId}/${messageId}`));
  }

  /** Asks for a run for entries that are to be looked at without an event. */
  async requestDueLooks(now: number): Promise<void> {
    await this.dataSource.transaction((manager) => requestDueLooks(manager, now));
  }

  /**
   * A task for each guild, but for these, among those that have been due for longest: what is to be deleted comes first.
   * Of guilds whose tasks are many it may tell no others.
   */
  async listDue(now: number, withoutGuilds: readonly string[], limit: number): Promise<DueTask[]> {
    return this.dataSource.query<DueTask[]>(
      `SELECT guild_id AS "guildId", message_id AS "messageId", task, attempts
       FROM (
         SELECT DISTINCT ON (guild_id) guild_id, message_id, task, due_at, attempts FROM (
           SELECT guild_id, message_id, task, due_at, attempts FROM starboard_tasks
           WHERE due_at <= $1 AND (claimed_until IS NULL OR claimed_until <= $1) AND guild_id <> ALL ($2::bigint[])
           ORDER BY due_at LIMIT $4
         ) oldest
         ORDER BY guild_id, task = 'follow', due_at
       ) first
       ORDER BY due_at LIMIT $3`,
      [new Date(now), withoutGuilds, limit, TASKS_IN_SIGHT],
    );
  }

  /**
   * Counts the attempt before it is made, so that a run that ends its process has counted: whatever its outcome says
   * later, the task is not due again before a pause that grows.
   *
   * @returns undefined when another instance was faster
   */
  async claim({ guildId, messageId, task, attempts }: DueTask, now: number): Promise<ClaimedTask | undefined> {
    const [rows] = await this.dataSource.query<[ClaimedTask[], number]>(
      `WITH before AS MATERIALIZED (
         SELECT claim IS NOT NULL AS was_left FROM starboard_tasks
         WHERE guild_id = $1 AND message_id = $2 AND task = $3
           AND due_at <= $4 AND (claimed_until IS NULL OR claimed_until <= $4)
         FOR UPDATE
       )
       UPDATE starboard_tasks SET claim = $5, claimed_until = $6, due_at = $7, attempts = attempts + 1,
         failing_since = CASE WHEN was_left THEN coalesce(failing_since, $4) ELSE failing_since END
       FROM before
       WHERE guild_id = $1 AND message_id = $2 AND task = $3
       RETURNING guild_id AS "guildId", message_id AS "messageId", task, channel_id AS "channelId", claim, requests,
         attempts - 1 AS attempts, created_at AS "createdAt", posted_after AS "postedAfter",
         failing_since AS "failingSince", was_left AS "wasLeft"`,
      [
        guildId,
        messageId,
        task,
        new Date(now),
        randomUUID(),
        new Date(now + CLAIM_MS),
        new Date(now + growingPause(attempts + 1, PAUSES)),
      ],
    );
    return rows[0];
  }

  /** @returns false when the claim ran out and another instance has the task */
  async renew(task: ClaimedTask, now: number): Promise<boolean> {
    return this.update(task, `claimed_until = $5`, [new Date(now + CLAIM_MS)]);
  }

  /** It was done; what was asked for meanwhile is to be done again. */
  async complete(task: ClaimedTask, now: number): Promise<void> {
    if (task.task === 'remove' || task.task === 'seek') return this.drop(task);
    await this.update(
      task,
      `due_at = CASE WHEN requests > $5 THEN $6::timestamptz END, last_run_at = $7, attempts = 0, failing_since = NULL,
       last_error = NULL, refusal = NULL, claim = NULL, claimed_until = NULL`,
      [task.requests, new Date(now + BETWEEN_STARBOARD_LOOKS_MS), new Date(now)],
    );
  }

  /**
   * It has to wait until that time; the attempt does not count.
   *
   * @param problem why; without one, that it waits says nothing against it
   */
  async postpone(task: ClaimedTask, until: number, now: number, problem?: string): Promise<void> {
    await this.update(
      task,
      `due_at = $5, last_run_at = $6, last_error = $7, claim = NULL, claimed_until = NULL,
       attempts = attempts - 1,
       failing_since = CASE WHEN $7::text IS NULL THEN failing_since ELSE coalesce(failing_since, $6) END`,
      [new Date(until), new Date(now), problem ?? null],
    );
  }

  /**
   * It failed, and is to be tried again at that time.
   *
   * @param failure with `refusal`, for people, where Discord does not take the post about this very message
   */
  async retry(
    task: ClaimedTask,
    { until, error, refusal }: { until: number; error: string; refusal?: string },
    now: number,
  ): Promise<void> {
    await this.update(
      task,
      `due_at = $5, last_run_at = $6, failing_since = coalesce(failing_since, $6), last_error = $7, refusal = $8,
       claim = NULL, claimed_until = NULL`,
      [new Date(until), new Date(now), error, refusal ?? null],
    );
  }

  async drop({ guildId, messageId, task, claim }: ClaimedTask): Promise<void> {
    await this.dataSource.query(
      `DELETE FROM starboard_tasks WHERE guild_id = $1 AND message_id = $2 AND task = $3 AND claim = $4`,
      [guildId, messageId, task, claim],
    );
  }

  /** Nothing that an erasure left to be done in the channel is tried before that time: there may be thousands of posts. */
  async holdErasures({ guildId, channelId }: ClaimedTask, until: number, now: number): Promise<void> {
    await this.dataSource.query(
      `UPDATE starboard_tasks SET due_at = $3, failing_since = coalesce(failing_since, $4)
       WHERE guild_id = $1 AND channel_id = $2 AND task <> 'follow' AND due_at < $3`,
      [guildId, channelId, new Date(until), new Date(now)],
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
  async sweep(now: number): Promise<void> {
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

  /** @param values from $5 on */
  private async update(
    { guildId, messageId, task, claim }: ClaimedTask,
    set: string,
    values: unknown[],
  ): Promise<boolean> {
    const [, affected] = await this.dataSource.query<[unknown[], number]>(
      `UPDATE starboard_tasks SET ${set} WHERE guild_id = $1 AND message_id = $2 AND task = $3 AND claim = $4`,
      [guildId, messageId, task, claim, ...values],
    );
    return affected > 0;
  }
}
