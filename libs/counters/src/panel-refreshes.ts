import type { EntityManager } from 'typeorm';
import { after, databaseNow, WorkList, type ClaimedRow, type DueRow, type NextDue } from '#libs/database';

/** How often the counters of a guild are refreshed. */
export const REFRESH_INTERVAL_MS = 10 * 60_000;
/** Longer than the deadline of a refresh. */
const LEASE_MS = 5 * 60_000;
const PAUSES = { firstMs: 60_000, longestMs: REFRESH_INTERVAL_MS };

interface RefreshKey {
  guildId: string;
}

export type DueRefresh = DueRow<RefreshKey>;

/** The claim of one guild for a refresh. */
export type RefreshClaim = ClaimedRow<RefreshKey, unknown>;

/**
 * Guilds whose counters are due. Claiming a guild makes it due again at its next regular time, so that it is refreshed
 * even if the run does not finish. A refresh that is requested during a run takes place after it.
 */
export const refreshes = new WorkList<RefreshKey>({
  table: 'counter_panel_refreshes',
  key: { guildId: 'guild_id' },
  leaseMs: LEASE_MS,
  isNeverRenewed: true,
  pauses: PAUSES,
  dueAfterClaim: ({ guildId }, now) => nextRegularRefresh(guildId, now).getTime(),
});

/** The next regular refresh. Guilds are spread over the interval by a hash, so that they are not due all at once. */
export function nextRegularRefresh(guildId: string, nowMs: number): Date {
  // A multiplicative hash spreads consecutive ids.
  const hash = Number(BigInt.asUintN(32, (BigInt(guildId) ^ (BigInt(guildId) >> 22n)) * 2_654_435_761n));
  const offset = Math.floor((hash / 2 ** 32) * REFRESH_INTERVAL_MS);
  const interval = Math.floor((nowMs - offset) / REFRESH_INTERVAL_MS) + 1;
  return new Date(interval * REFRESH_INTERVAL_MS + offset);
}

/** Schedules guilds that show counters and are not scheduled yet. */
export async function scheduleNewGuilds(manager: EntityManager): Promise<void> {
  const guilds = await manager.query<{ guild_id: string }[]>(
    `SELECT s.guild_id FROM guild_settings s
     WHERE s.enabled AND s.counter_panel_enabled
       AND NOT EXISTS (SELECT FROM counter_panel_refreshes r WHERE r.guild_id = s.guild_id)`,
  );
  if (guilds.length === 0) return;
  const now = await databaseNow(manager);
  await manager.query(
    `INSERT INTO counter_panel_refreshes (guild_id, due_at)
     SELECT guild_id, due_at FROM unnest($1::bigint[], $2::timestamptz[]) AS new (guild_id, due_at)
     ORDER BY guild_id
     ON CONFLICT (guild_id) DO NOTHING`,
    [
      guilds.map(({ guild_id }) => guild_id),
      guilds.map(({ guild_id }) => nextRegularRefresh(guild_id, now).toISOString()),
    ],
  );
}

/**
 * Makes a guild due now, and ends the pauses after failures, because the cause may have been repaired.
 *
 * @returns false for a guild that shows no counters
 */
export async function requestRefresh(manager: EntityManager, guildId: string): Promise<boolean> {
  const rows = await manager.query<unknown[]>(
    `INSERT INTO counter_panel_refreshes AS r (guild_id, due_at)
     SELECT s.guild_id, $2 FROM guild_settings s WHERE s.guild_id = $1 AND s.enabled AND s.counter_panel_enabled
     ON CONFLICT (guild_id) DO UPDATE SET due_at = least(r.due_at, excluded.due_at)
     RETURNING 1`,
    [guildId, new Date(await databaseNow(manager))],
  );
  if (rows.length === 0) return false;
  await manager.query(
    'UPDATE counter_panel_channels SET paused_until = NULL WHERE guild_id = $1 AND paused_until IS NOT NULL',
    [guildId],
  );
  return true;
}

/** Makes all guilds that show counters due now. Pauses after failures are kept. */
export async function requestAllRefreshes(manager: EntityManager): Promise<void> {
  await manager.query(
    `INSERT INTO counter_panel_refreshes AS r (guild_id, due_at)
     SELECT s.guild_id, $1 FROM guild_settings s WHERE s.enabled AND s.counter_panel_enabled ORDER BY s.guild_id
     ON CONFLICT (guild_id) DO UPDATE SET due_at = least(r.due_at, excluded.due_at)`,
    [new Date(await databaseNow(manager))],
  );
}

/** Ends the claim. @param pauseMs refreshes the guild after this time, if that is before its regular time */
export async function endRefresh(manager: EntityManager, claim: RefreshClaim, pauseMs?: number): Promise<void> {
  await refreshes.succeed(manager, claim, { due: pauseMs === undefined ? () => 'due_at' : atLatestAfter(pauseMs) });
}

/** Ends the claim after an unexpected failure. */
export async function failRefresh(manager: EntityManager, claim: RefreshClaim): Promise<void> {
  await refreshes.fail(manager, claim, { due: atLatestAfter(refreshes.pauseAfter(claim)) });
}

/** After this time, or earlier if the guild is due earlier, for example after a request. */
function atLatestAfter(ms: number): NextDue {
  return (now, add) => `least(due_at, ${after(ms)(now, add)})`;
}

/** The next refresh of the guild's counters. Null if there is none. */
export async function findNextRefresh(manager: EntityManager, guildId: string): Promise<Date | null> {
  const [row] = await manager.query<{ due_at: Date }[]>(
    'SELECT due_at FROM counter_panel_refreshes WHERE guild_id = $1',
    [guildId],
  );
  return row?.due_at ?? null;
}
