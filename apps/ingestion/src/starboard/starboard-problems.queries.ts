import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { clearStarboardProblem } from '#libs/starboard';
import { growingPause } from '#libs/timing';

/**
 * What the starboard does in a channel:
 * - `view`: anything at all
 * - `read`: read its messages
 * - `change`: edit and delete posts
 * - `post`: make new ones
 */
export type StarboardAction = 'view' | 'read' | 'change' | 'post';

/** What keeps the starboard of a guild from working in one channel. */
export interface ChannelProblem {
  guildId: string;
  channelId: string;
  /** What does not work; others may. */
  action: StarboardAction;
  /** One sentence for people. */
  problem: string;
}

export interface KnownProblem extends ChannelProblem {
  /** Unix milliseconds; until then the channel is left alone. */
  retryAt: number;
}

const PAUSES = { firstMs: 30_000, longestMs: 15 * 60_000 };
const NO_CONTENT =
  'Discord does not show the bot what members write: the intent Message Content has to be switched on for the bot on ' +
  "Discord's developer pages";
/** Of what it shows that something works: itself, and what it includes. */
const PROVES: Record<StarboardAction, readonly StarboardAction[]> = {
  view: ['view'],
  read: ['view', 'read'],
  change: ['view', 'change'],
  // Posting opens an archived thread.
  post: ['view', 'change', 'post'],
};

/**
 * Problems that a person has to put right, in `starboard_problems`, of which the settings tell. One run a guild and
 * channel meets the problem and says when to try again; what else has to do with the channel waits until then.
 */
@Injectable()
export class StarboardProblems {
  constructor(private readonly dataSource: DataSource) {}

  /** What is known of these channels that keeps something from being done there. */
  async of(guildId: string, channelIds: readonly string[]): Promise<KnownProblem[]> {
    const rows = await this.dataSource.query<(Omit<KnownProblem, 'retryAt'> & { retryAt: Date })[]>(
      `SELECT channel_id AS "channelId", action, problem, retry_at AS "retryAt" FROM starboard_problems
       WHERE guild_id = $1 AND channel_id = ANY ($2::bigint[]) AND action <> 'content'`,
      [guildId, channelIds],
    );
    return rows.map(({ retryAt, ...row }) => ({ ...row, guildId, retryAt: retryAt.getTime() }));
  }

  /** @returns when to try again, in Unix milliseconds, and whether the problem is another than before */
  async record(
    { guildId, channelId, action, problem }: ChannelProblem,
    now: number,
  ): Promise<{ until: number; isNew: boolean }> {
    const [known] = await this.dataSource.query<{ attempts: number; problem: string }[]>(
      `SELECT attempts, problem FROM starboard_problems WHERE guild_id = $1 AND channel_id = $2`,
      [guildId, channelId],
    );
    const attempts = (known?.attempts ?? 0) + 1;
    const until = now + growingPause(attempts, PAUSES);
    const [stored] = await this.dataSource.query<[{ isNew: boolean }]>(
      `WITH before AS MATERIALIZED (
         SELECT problem FROM starboard_problems WHERE guild_id = $1 AND channel_id = $2
       )
       INSERT INTO starboard_problems AS known
         (guild_id, channel_id, problem, since, seen_at, retry_at, attempts, action)
       VALUES ($1, $2, $3, $4, $4, $5, $6, $7)
       ON CONFLICT (guild_id, channel_id) DO UPDATE SET
         since = CASE WHEN known.problem = excluded.problem THEN known.since ELSE excluded.since END,
         problem = excluded.problem, seen_at = excluded.seen_at, retry_at = excluded.retry_at,
         attempts = excluded.attempts, action = excluded.action
       RETURNING (SELECT problem FROM before) IS DISTINCT FROM problem AS "isNew"`,
      [guildId, channelId, problem, new Date(now), new Date(until), attempts, action],
    );
    return { until, isNew: stored.isNew };
  }

  /** It works there (again), and so does what it proves. */
  async solve({ guildId, channelId, action }: Omit<ChannelProblem, 'problem'>): Promise<void> {
    await this.dataSource.query(
      `DELETE FROM starboard_problems WHERE guild_id = $1 AND channel_id = $2 AND action = ANY ($3::text[])`,
      [guildId, channelId, PROVES[action]],
    );
  }

  /**
   * Discord leaves out what members write (`content`), which holds nothing back. Told once a guild, of the channel where
   * it was met first.
   */
  async missContent(guildId: string, channelId: string, now: number): Promise<void> {
    await this.dataSource.query(
      `WITH known AS (
         UPDATE starboard_problems SET seen_at = $4, retry_at = $4 WHERE guild_id = $1 AND action = 'content'
         RETURNING guild_id
       )
       INSERT INTO starboard_problems (guild_id, channel_id, problem, since, seen_at, retry_at, attempts, action)
       SELECT $1, $2, $3, $4, $4, $4, 0, 'content' WHERE NOT EXISTS (SELECT FROM known)
       ON CONFLICT DO NOTHING`,
      [guildId, channelId, NO_CONTENT, new Date(now)],
    );
  }

  /** Discord shows what members write (again). */
  async seeContent(guildId: string): Promise<void> {
    await this.dataSource.query(`DELETE FROM starboard_problems WHERE guild_id = $1 AND action = 'content'`, [guildId]);
  }

  /** Nothing is to be done in a channel that does not exist any more. */
  async clear({ guildId, channelId }: Pick<ChannelProblem, 'guildId' | 'channelId'>): Promise<void> {
    await clearStarboardProblem(this.dataSource.manager, guildId, channelId);
  }
}
