import type { EntityManager } from 'typeorm';

/** How often the counters of a guild are refreshed. */
export const REFRESH_INTERVAL_MS = 10 * 60_000;

/** The right to refresh one guild for a while. */
export interface RefreshClaim {
  guildId: string;
  /** When it ends by itself; also what tells it from other claims. */
  until: Date;
}

/** Every guild has a moment of its own within the interval, so that they do not all come at once. */
export function nextRegularRefresh(guildId: string, nowMs: number): Date {
  // Ids that follow each other lie far apart in a multiplicative hash.
  const hash = Number(BigInt.asUintN(32, (BigInt(guildId) ^ (BigInt(guildId) >> 22n)) * 2_654_435_761n));
  const offset = Math.floor((hash / 2 ** 32) * REFRESH_INTERVAL_MS);
  const turn = Math.floor((nowMs - offset) / REFRESH_INTERVAL_MS) + 1;
  return new Date(turn * REFRESH_INTERVAL_MS + offset);
}

/** Gives their moment to guilds that show counters and have none yet. */
export async function scheduleNewGuilds(manager: EntityManager, nowMs: number): Promise<void> {
  const guilds = await manager.query<{ guild_id: string }[]>(
    `SELECT s.guild_id FROM guild_settings s
     WHERE s.enabled AND s.counter_panel_enabled
       AND NOT EXISTS (SELECT FROM counter_panel_refreshes r WHERE r.guild_id = s.guild_id)`,
  );
  if (guilds.length === 0) return;
  await manager.query(
    `INSERT INTO counter_panel_refreshes (guild_id, due_at)
     SELECT guild_id, due_at FROM unnest($1::bigint[], $2::timestamptz[]) AS new (guild_id, due_at)
     ORDER BY guild_id
     ON CONFLICT (guild_id) DO NOTHING`,
    [
      guilds.map(({ guild_id }) => guild_id),
      guilds.map(({ guild_id }) => nextRegularRefresh(guild_id, nowMs).toISOString()),
    ],
  );
}

/**
 * Makes a guild due now, and forgets the pauses after failures: whoever asks may have put right what was wrong.
 *
 * @returns false for a guild that shows no counters
 */
export async function requestRefresh(manager: EntityManager, guildId: string, nowMs: number): Promise<boolean> {
  const rows = await manager.query<unknown[]>(
    `INSERT INTO counter_panel_refreshes AS r (guild_id, due_at)
     SELECT s.guild_id, $2 FROM guild_settings s WHERE s.guild_id = $1 AND s.enabled AND s.counter_panel_enabled
     ON CONFLICT (guild_id) DO UPDATE SET due_at = least(r.due_at, excluded.due_at)
     RETURNING 1`,
    [guildId, new Date(nowMs)],
  );
  if (rows.length === 0) return false;
  await manager.query(
    'UPDATE counter_panel_channels SET paused_until = NULL WHERE guild_id = $1 AND paused_until IS NOT NULL',
    [guildId],
  );
  return true;
}

/** Makes all guilds that show counters due now. Pauses after failures stay. */
export async function requestAllRefreshes(manager: EntityManager, nowMs: number): Promise<void> {
  await manager.query(
    `INSERT INTO counter_panel_refreshes AS r (guild_id, due_at)
     SELECT s.guild_id, $1 FROM guild_settings s WHERE s.enabled AND s.counter_panel_enabled ORDER BY s.guild_id
     ON CONFLICT (guild_id) DO UPDATE SET due_at = least(r.due_at, excluded.due_at)`,
    [new Date(nowMs)],
  );
}

/** Guilds that are due and that nobody is at, those that have waited longest first. */
export async function findDueGuilds(manager: EntityManager, nowMs: number, limit: number): Promise<string[]> {
  const rows = await manager.query<{ guild_id: string }[]>(
    `SELECT guild_id FROM counter_panel_refreshes
     WHERE due_at <= $1 AND (claimed_until IS NULL OR claimed_until <= $1)
     ORDER BY due_at, guild_id LIMIT $2`,
    [new Date(nowMs), limit],
  );
  return rows.map(({ guild_id }) => guild_id);
}

/**
 * Takes a guild that is due. It becomes due again at its next regular moment, even if the claim ends by itself; whoever
 * asks for a refresh meanwhile gets one afterwards.
 *
 * @returns undefined when it is not due (any more), or somebody else is at it
 */
export async function claimRefresh(
  manager: EntityManager,
  guildId: string,
  nowMs: number,
  leaseMs: number,
): Promise<RefreshClaim | undefined> {
  const until = new Date(nowMs + leaseMs);
  const [rows] = await manager.query<[unknown[], number]>(
    `UPDATE counter_panel_refreshes SET claimed_until = $3, due_at = $4
     WHERE guild_id = $1 AND due_at <= $2 AND (claimed_until IS NULL OR claimed_until <= $2)
     RETURNING 1`,
    [guildId, new Date(nowMs), until, nextRegularRefresh(guildId, nowMs)],
  );
  return rows.length > 0 ? { guildId, until } : undefined;
}

/** Ends the claim. @param dueAt when the guild should come before its regular moment */
export async function endRefresh(manager: EntityManager, claim: RefreshClaim, dueAt?: Date): Promise<void> {
  await manager.query(
    `UPDATE counter_panel_refreshes SET claimed_until = NULL, due_at = least(due_at, $3)
     WHERE guild_id = $1 AND claimed_until = $2`,
    [claim.guildId, claim.until, dueAt ?? null],
  );
}

/** Takes a guild that shows no counters (any more) off the list. */
export async function dropRefresh(manager: EntityManager, { guildId, until }: RefreshClaim): Promise<void> {
  await manager.query('DELETE FROM counter_panel_refreshes WHERE guild_id = $1 AND claimed_until = $2', [
    guildId,
    until,
  ]);
}

/** When the counters of the guild are refreshed next; null when they are not. */
export async function findNextRefresh(manager: EntityManager, guildId: string): Promise<Date | null> {
  const [row] = await manager.query<{ due_at: Date }[]>(
    'SELECT due_at FROM counter_panel_refreshes WHERE guild_id = $1',
    [guildId],
  );
  return row?.due_at ?? null;
}
