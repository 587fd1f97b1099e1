import type { EntityManager } from 'typeorm';
import type { GuildSettings } from '#libs/database';
import { databaseNow, lockStripesShared } from '#libs/database';
import { requestStarboardLooks, type StarredMessage } from './starboard-looks.js';

const DAY_MS = 86_400_000;
/** Entries up to this age are checked without an event. */
const RECENT_MS = 31 * DAY_MS;
export const REGULAR_LOOK_INTERVAL_MS = DAY_MS;
/** The interval of rounds. A round checks at most one entry of a guild and {@link LOOKS_PER_ROUND} in total. */
export const LOOK_ROUND_MS = 10_000;
const LOOKS_PER_ROUND = 15;
/** The maximum number of due entries that a round reads. */
const MAX_ENTRIES_READ = 1_000;

/**
 * Makes every entry that may have a post due for a look, if a change of settings switches module and starboard on
 * again, because changes were not followed while they were off. Call this under the exclusive lock of the guild's
 * stripe.
 */
export async function catchUpWithStarboard(
  manager: EntityManager,
  before: StarboardSwitches,
  after: StarboardSwitches & Pick<GuildSettings, 'guildId'>,
): Promise<void> {
  if (isOn(before) || !isOn(after)) return;
  await manager.query(`UPDATE starboard_entries SET look_at = $2 WHERE guild_id = $1 AND state <> 'withdrawn'`, [
    after.guildId,
    new Date(await databaseNow(manager)),
  ]);
}

/**
 * Requests looks at due entries: at most one in a guild, and a limited number in total, so that live events are not
 * delayed. All other due entries get a later time. Any number of instances may call this every ten seconds.
 */
export async function requestDueLooks(manager: EntityManager): Promise<void> {
  const now = await databaseNow(manager);
  const guilds = await manager.query<{ guildId: string }[]>(
    `SELECT DISTINCT guild_id AS "guildId" FROM (
       SELECT guild_id FROM starboard_entries WHERE look_at <= $1 ORDER BY look_at LIMIT $2) due`,
    [new Date(now), MAX_ENTRIES_READ],
  );
  if (guilds.length === 0) return;
  const guildIds = guilds.map(({ guildId }) => guildId);
  await lockStripesShared(manager, guildIds);
  const due = await manager.query<DueEntry[]>(
    `SELECT guild_id AS "guildId", channel_id AS "channelId", message_id AS "messageId", state,
       reserved_at AS "reservedAt"
     FROM starboard_entries WHERE guild_id = ANY ($3::bigint[]) AND look_at <= $1
     ORDER BY look_at LIMIT $2 FOR UPDATE SKIP LOCKED`,
    [new Date(now), MAX_ENTRIES_READ, guildIds],
  );
  const { looks, times } = planRound(due, now);
  await manager.query(
    `UPDATE starboard_entries e SET look_at = new.look_at
     FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) AS new (guild_id, message_id, look_at)
     WHERE e.guild_id = new.guild_id AND e.message_id = new.message_id`,
    [due.map(({ guildId }) => guildId), due.map(({ messageId }) => messageId), times],
  );
  await requestStarboardLooks(manager, looks);
}

type StarboardSwitches = Pick<GuildSettings, 'enabled' | 'starboardEnabled'>;

interface DueEntry extends StarredMessage {
  state: string;
  reservedAt: Date | null;
}

function isOn({ enabled, starboardEnabled }: StarboardSwitches): boolean {
  return enabled && starboardEnabled;
}

/** @returns the entries to look at now, and the next time of every entry */
function planRound(due: readonly DueEntry[], now: number): { looks: DueEntry[]; times: (Date | null)[] } {
  const looks: DueEntry[] = [];
  const inGuild = new Map<string, number>();
  const times = due.map((entry) => {
    if (entry.state === 'withdrawn') return null;
    const earlier = inGuild.get(entry.guildId) ?? 0;
    inGuild.set(entry.guildId, earlier + 1);
    if (earlier > 0) return new Date(now + earlier * LOOK_ROUND_MS);
    if (looks.length === LOOKS_PER_ROUND) return new Date(now + LOOK_ROUND_MS);
    looks.push(entry);
    const isRecent = entry.reservedAt !== null && entry.reservedAt.getTime() > now - RECENT_MS;
    return isRecent ? new Date(now + REGULAR_LOOK_INTERVAL_MS) : null;
  });
  return { looks, times };
}
