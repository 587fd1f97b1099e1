import type { EntityManager } from 'typeorm';
import type { GuildSettings } from '#libs/database';
import { databaseNow, lockStripesShared } from '#libs/database';
import { requestStarboardLooks, type StarredMessage } from './starboard-looks.js';

const DAY_MS = 86_400_000;
/** So long an entry is looked at without an event. */
const RECENT_MS = 31 * DAY_MS;
export const BETWEEN_REGULAR_LOOKS_MS = DAY_MS;
/** One entry of a guild is looked at in this time, and so many of all guilds. */
export const LOOK_ROUND_MS = 10_000;
const LOOKS_A_ROUND = 15;
/** Entries that a round reads; the others come after them. */
const ENTRIES_IN_SIGHT = 1_000;

/**
 * Nothing was followed while module or starboard were off: where a change switches both on again, every entry of which
 * there may be a post is to be looked at. Call it under the exclusive lock of the guild's stripe.
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
 * Asks for looks at entries whose time has come: one a guild and some in all, so that live events are not held up.
 * All others that are due get a later time. Any number of instances may call it, every ten seconds.
 */
export async function requestDueLooks(manager: EntityManager): Promise<void> {
  const now = await databaseNow(manager);
  const guilds = await manager.query<{ guildId: string }[]>(
    `SELECT DISTINCT guild_id AS "guildId" FROM (
       SELECT guild_id FROM starboard_entries WHERE look_at <= $1 ORDER BY look_at LIMIT $2) due`,
    [new Date(now), ENTRIES_IN_SIGHT],
  );
  if (guilds.length === 0) return;
  const guildIds = guilds.map(({ guildId }) => guildId);
  await lockStripesShared(manager, guildIds);
  const due = await manager.query<DueEntry[]>(
    `SELECT guild_id AS "guildId", channel_id AS "channelId", message_id AS "messageId", state,
       reserved_at AS "reservedAt"
     FROM starboard_entries WHERE guild_id = ANY ($3::bigint[]) AND look_at <= $1
     ORDER BY look_at LIMIT $2 FOR UPDATE SKIP LOCKED`,
    [new Date(now), ENTRIES_IN_SIGHT, guildIds],
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

/** @returns what is looked at now, and of every entry when it is next */
function planRound(due: readonly DueEntry[], now: number): { looks: DueEntry[]; times: (Date | null)[] } {
  const looks: DueEntry[] = [];
  const inGuild = new Map<string, number>();
  const times = due.map((entry) => {
    if (entry.state === 'withdrawn') return null;
    const earlier = inGuild.get(entry.guildId) ?? 0;
    inGuild.set(entry.guildId, earlier + 1);
    if (earlier > 0) return new Date(now + earlier * LOOK_ROUND_MS);
    if (looks.length === LOOKS_A_ROUND) return new Date(now + LOOK_ROUND_MS);
    looks.push(entry);
    const isRecent = entry.reservedAt !== null && entry.reservedAt.getTime() > now - RECENT_MS;
    return isRecent ? new Date(now + BETWEEN_REGULAR_LOOKS_MS) : null;
  });
  return { looks, times };
}
