import type { GuildSettings } from '#libs/database';
import type { StarboardProblem } from '#libs/starboard';
import type { DiscordClient } from '#libs/discord';
import type { StarboardStatus } from './dto/starboard-status.dto.js';

const NO_TOKEN = 'DISCORD_TOKEN is not set, so the starboard does not work';
const TOKEN_REFUSED = 'Discord does not accept DISCORD_TOKEN, so the starboard does not work';

/**
 * The problems of the starboard. Empty if there are none or the starboard is off.
 *
 * @param readProblems called only if its problems are shown
 * @param discord undefined if DISCORD_TOKEN is not set
 */
export async function starboardStatus(
  { starboardEnabled, starboardChannel }: GuildSettings,
  readProblems: () => Promise<readonly StarboardProblem[]>,
  discord?: Pick<DiscordClient, 'health'>,
): Promise<StarboardStatus[]> {
  if (!starboardEnabled || starboardChannel === null) return [];
  if (discord?.health.status !== 'ok') {
    const problem = discord === undefined ? NO_TOKEN : TOKEN_REFUSED;
    const never = { first_seen_at: null, last_seen_at: null, next_try_at: null };
    return [{ channel_id: starboardChannel, problem, ...never }];
  }
  const problems = await readProblems();
  return problems.map(({ channelId, problem, since, seenAt, retryAt }) => ({
    channel_id: channelId,
    problem,
    first_seen_at: since.toISOString(),
    last_seen_at: seenAt.toISOString(),
    next_try_at: retryAt.toISOString(),
  }));
}
