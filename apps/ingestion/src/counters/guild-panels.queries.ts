import type { EntityManager } from 'typeorm';
import { panelsOf, type GuildPanels, type GuildSnapshot } from './guild-panels.js';

interface GuildRow {
  shows_panels: boolean;
  member_count_channel: string | null;
  online_member_count_channel: string | null;
  server_boost_number_channel: string | null;
  custom: { channel_id: string; channel_name: string; role_id: string }[] | null;
  occurred_at: Date | null;
  member_count: number | null;
  online_member_count: number | null;
  server_boost_count: number | null;
  online_role_member_counts: Record<string, number> | null;
}

/**
 * The panels of a guild, and its latest snapshot, however old.
 *
 * @returns undefined for a guild that shows no counters
 */
export async function findGuildPanels(manager: EntityManager, guildId: string): Promise<GuildPanels | undefined> {
  // A later bucket holds what occurred later. Ids leave JSON as text: numbers would lose digits.
  const [row] = await manager.query<GuildRow[]>(
    `SELECT s.enabled AND s.counter_panel_enabled AS shows_panels,
       s.counter_panel_member_count_channel AS member_count_channel,
       s.counter_panel_online_member_count_channel AS online_member_count_channel,
       s.counter_panel_server_boost_number_channel AS server_boost_number_channel,
       (SELECT jsonb_agg(jsonb_build_object('channel_id', p.channel_id::text, 'channel_name', p.channel_name,
                                            'role_id', p.role_id::text) ORDER BY p.channel_id)
        FROM counter_panels p WHERE p.guild_id = s.guild_id) AS custom,
       latest.occurred_at, latest.member_count, latest.online_member_count, latest.server_boost_count,
       latest.online_role_member_counts
     FROM guild_settings s
     LEFT JOIN LATERAL (
       SELECT occurred_at, member_count, online_member_count, server_boost_count, online_role_member_counts
       FROM guild_snapshots g WHERE g.guild_id = s.guild_id ORDER BY g.bucket DESC LIMIT 1
     ) latest ON true
     WHERE s.guild_id = $1`,
    [guildId],
  );
  if (!row?.shows_panels) return undefined;
  const panels = panelsOf({
    members: row.member_count_channel,
    online: row.online_member_count_channel,
    boosts: row.server_boost_number_channel,
    custom: (row.custom ?? []).map(({ channel_id, channel_name, role_id }) => ({
      channelId: channel_id,
      channelName: channel_name,
      roleId: role_id,
    })),
  });
  return { panels, snapshot: snapshotOf(row) };
}

function snapshotOf(row: GuildRow): GuildSnapshot | undefined {
  if (row.occurred_at === null) return undefined;
  return {
    occurredAt: row.occurred_at,
    counts: {
      members: row.member_count ?? undefined,
      online: row.online_member_count ?? undefined,
      boosts: row.server_boost_count ?? undefined,
      onlineByRole: row.online_role_member_counts ?? {},
    },
  };
}
