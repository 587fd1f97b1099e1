import type { EntityManager } from 'typeorm';
import { CounterPanel, GuildSettings } from '#libs/database';
import { panelsOf, type GuildCounts, type Panel } from './guild-panels.js';

interface SnapshotRow {
  member_count: number | null;
  online_member_count: number | null;
  server_boost_count: number | null;
  online_role_member_counts: Record<string, number> | null;
}

/** @returns undefined for a guild that shows no counters */
export async function findPanels(manager: EntityManager, guildId: string): Promise<Panel[] | undefined> {
  const settings = await manager.getRepository(GuildSettings).findOneBy({ guildId });
  if (!settings?.enabled || !settings.counterPanelEnabled) return undefined;
  const custom = await manager.getRepository(CounterPanel).find({ where: { guildId }, order: { channelId: 'ASC' } });
  return panelsOf(settings, custom);
}

/** The counts of the latest snapshot; of a guild without one, none. */
export async function findSnapshotCounts(manager: EntityManager, guildId: string): Promise<GuildCounts> {
  // A later bucket holds what occurred later.
  const [row] = await manager.query<SnapshotRow[]>(
    `SELECT member_count, online_member_count, server_boost_count, online_role_member_counts
     FROM guild_snapshots WHERE guild_id = $1 ORDER BY bucket DESC LIMIT 1`,
    [guildId],
  );
  return {
    members: row?.member_count ?? undefined,
    online: row?.online_member_count ?? undefined,
    boosts: row?.server_boost_count ?? undefined,
    onlineByRole: row?.online_role_member_counts ?? {},
  };
}
