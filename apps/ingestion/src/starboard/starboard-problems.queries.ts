import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { clearStarboardProblem } from '#libs/database';
import { growingPause } from './growing-pause.js';

/** What keeps the starboard of a guild from working in one channel. */
export interface ChannelProblem {
  guildId: string;
  channelId: string;
  /** One sentence for people. */
  problem: string;
}

export interface KnownProblem extends ChannelProblem {
  /** Unix milliseconds; until then the channel is left alone. */
  retryAt: number;
}

const FIRST_PAUSE_MS = 30_000;

/**
 * Problems that a person has to put right, in `starboard_problems`, of which the settings tell. One run a guild and
 * channel meets the problem and says when to try again; what else has to do with the channel waits until then.
 */
@Injectable()
export class StarboardProblems {
  constructor(private readonly dataSource: DataSource) {}

  /** What is known of these channels. */
  async of(guildId: string, channelIds: readonly string[]): Promise<KnownProblem[]> {
    const rows = await this.dataSource.query<{ channelId: string; problem: string; retryAt: Date }[]>(
      `SELECT channel_id AS "channelId", problem, retry_at AS "retryAt" FROM starboard_problems
       WHERE guild_id = $1 AND channel_id = ANY ($2::bigint[])`,
      [guildId, channelIds],
    );
    return rows.map(({ retryAt, ...row }) => ({ guildId, ...row, retryAt: retryAt.getTime() }));
  }

  /** @returns when to try again, in Unix milliseconds, and whether the problem is another than before */
  async record(
    { guildId, channelId, problem }: ChannelProblem,
    now: number,
  ): Promise<{ until: number; isNew: boolean }> {
    const [known] = await this.dataSource.query<{ attempts: number; problem: string }[]>(
      `SELECT attempts, problem FROM starboard_problems WHERE guild_id = $1 AND channel_id = $2`,
      [guildId, channelId],
    );
    const attempts = (known?.attempts ?? 0) + 1;
    const until = now + growingPause(attempts, FIRST_PAUSE_MS);
    const [stored] = await this.dataSource.query<[{ isNew: boolean }]>(
      `WITH before AS MATERIALIZED (
         SELECT problem FROM starboard_problems WHERE guild_id = $1 AND channel_id = $2
       )
       INSERT INTO starboard_problems AS known (guild_id, channel_id, problem, since, seen_at, retry_at, attempts)
       VALUES ($1, $2, $3, $4, $4, $5, $6)
       ON CONFLICT (guild_id, channel_id) DO UPDATE SET
         since = CASE WHEN known.problem = excluded.problem THEN known.since ELSE excluded.since END,
         problem = excluded.problem, seen_at = excluded.seen_at, retry_at = excluded.retry_at,
         attempts = excluded.attempts
       RETURNING (SELECT problem FROM before) IS DISTINCT FROM problem AS "isNew"`,
      [guildId, channelId, problem, new Date(now), new Date(until), attempts],
    );
    return { until, isNew: stored.isNew };
  }

  /** It works there again. */
  async clear(guildId: string, channelId: string): Promise<void> {
    await clearStarboardProblem(this.dataSource.manager, guildId, channelId);
  }
}
