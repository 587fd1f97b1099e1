import type { JsonSchema } from '#libs/contracts';
import type { GuildSettings } from '#libs/database';
import type { StarboardProblem } from '#libs/starboard';
import type { DiscordClient } from '#libs/discord';
import { ID_SCHEMA, objectOf, orNull, TIME_SCHEMA } from '../openapi/schemas.js';

/** What keeps the starboard from working in a channel, or from showing a message of it. */
export interface StarboardStatus {
  /** The starboard channel, or one with starred messages. */
  channel_id: string;
  /** One sentence for people. */
  problem: string;
  /** Times are null of what was not met, but is so by the configuration. */
  first_seen_at: string | null;
  last_seen_at: string | null;
  next_try_at: string | null;
}

export const STARBOARD_STATUS_SCHEMA: JsonSchema = objectOf({
  channel_id: { ...ID_SCHEMA, description: 'The starboard channel, or one with starred messages' },
  problem: { type: 'string', description: 'For people' },
  first_seen_at: orNull(TIME_SCHEMA),
  last_seen_at: orNull(TIME_SCHEMA),
  next_try_at: { ...orNull(TIME_SCHEMA), description: 'Until then the channel, or the message, is left alone' },
});

const NO_TOKEN = 'DISCORD_TOKEN is not set, so the starboard stands still';
const TOKEN_REFUSED = 'Discord does not accept DISCORD_TOKEN, so the starboard stands still';

/** Empty when nothing is wrong, or the starboard is off. @param discord null without a token */
export function starboardStatus(
  { starboardEnabled, starboardChannel }: GuildSettings,
  problems: readonly StarboardProblem[],
  discord: Pick<DiscordClient, 'health'> | null,
): StarboardStatus[] {
  if (!starboardEnabled || starboardChannel === null) return [];
  if (discord?.health.status !== 'ok') {
    const problem = discord === null ? NO_TOKEN : TOKEN_REFUSED;
    const never = { first_seen_at: null, last_seen_at: null, next_try_at: null };
    return [{ channel_id: starboardChannel, problem, ...never }];
  }
  return problems.map(({ channelId, problem, since, seenAt, retryAt }) => ({
    channel_id: channelId,
    problem,
    first_seen_at: since.toISOString(),
    last_seen_at: seenAt.toISOString(),
    next_try_at: retryAt.toISOString(),
  }));
}
