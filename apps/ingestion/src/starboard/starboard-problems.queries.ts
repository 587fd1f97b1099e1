import { Injectable } from '@nestjs/common';
import { DataSource, In, Not, type Repository } from 'typeorm';
import { StarboardProblem, type StarboardAction } from '#libs/database';
import { clearStarboardProblem } from '#libs/starboard';
import { growingPause } from '#libs/timing';

/** Why the starboard of a guild does not work in one channel. */
export interface ChannelProblem {
  guildId: string;
  channelId: string;
  /** The action that fails. Others may work. */
  action: StarboardAction;
  /** One sentence for people. */
  problem: string;
}

export interface KnownProblem extends ChannelProblem {
  /** The next attempt, in Unix milliseconds. */
  retryAt: number;
}

const PAUSES = { firstMs: 30_000, longestMs: 15 * 60_000 };
const NO_CONTENT =
  'Discord does not show the bot what members write: the intent Message Content has to be switched on for the bot on ' +
  "Discord's developer pages";
/** The actions whose success a successful action proves: itself, and those that it includes. */
const PROVES: Record<StarboardAction, readonly StarboardAction[]> = {
  view: ['view'],
  read: ['view', 'read'],
  change: ['view', 'change'],
  // Posting opens an archived thread.
  post: ['view', 'change', 'post'],
};

/**
 * Problems that a person has to repair, in `starboard_problems`. The settings show them. One run of a guild and channel
 * meets the problem and schedules the next attempt; other runs that need the channel wait until then.
 */
@Injectable()
export class StarboardProblems {
  constructor(private readonly dataSource: DataSource) {}

  /** The known problems of these channels. */
  async of(guildId: string, channelIds: readonly string[]): Promise<KnownProblem[]> {
    const known = await this.rows.findBy({ guildId, channelId: In(channelIds), action: Not('content' as const) });
    return known.map(({ channelId, action, problem, retryAt }) => ({
      guildId,
      channelId,
      action: action as StarboardAction,
      problem,
      retryAt: retryAt.getTime(),
    }));
  }

  /** @returns the next attempt in Unix milliseconds, and whether the problem is new */
  async record(
    { guildId, channelId, action, problem }: ChannelProblem,
    now: number,
  ): Promise<{ until: number; isNew: boolean }> {
    const known = await this.rows.findOneBy({ guildId, channelId });
    const isNew = known?.problem !== problem;
    const attempts = (known?.attempts ?? 0) + 1;
    const until = now + growingPause(attempts, PAUSES);
    const since = isNew ? new Date(now) : known.since;
    const met = {
      guildId,
      channelId,
      action,
      problem,
      since,
      seenAt: new Date(now),
      retryAt: new Date(until),
      attempts,
    };
    await this.rows.upsert(met, ['guildId', 'channelId']);
    return { until, isNew };
  }

  /** Ends the problems of the action, and of the actions whose success it proves. */
  async solve({ guildId, channelId, action }: Omit<ChannelProblem, 'problem'>): Promise<void> {
    await this.rows.delete({ guildId, channelId, action: In(PROVES[action]) });
  }

  /**
   * Records that Discord omits members' text (`content`), which blocks no action. A guild has one such problem, for the
   * channel where it occurred first.
   */
  async recordMissingContent(guildId: string, channelId: string, now: number): Promise<void> {
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

  /** Ends the problem: Discord shows members' text (again). */
  async solveMissingContent(guildId: string): Promise<void> {
    await this.rows.delete({ guildId, action: 'content' });
  }

  /** Deletes all problems of a channel that does not exist any more. */
  async clear({ guildId, channelId }: Pick<ChannelProblem, 'guildId' | 'channelId'>): Promise<void> {
    await clearStarboardProblem(this.dataSource.manager, guildId, channelId);
  }

  private get rows(): Repository<StarboardProblem> {
    return this.dataSource.getRepository(StarboardProblem);
  }
}
