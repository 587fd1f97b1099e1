import type { EntityManager } from 'typeorm';
import type { RefreshClaim } from './panel-refreshes.js';

/** What is known of a channel that shows a count. */
export interface PanelChannel {
  channelId: string;
  /** What Discord took last; null before the first time. */
  shownName: string | null;
  shownAt: Date | null;
  /** Discord allows two renames in ten minutes; those that may not have been done count too. */
  lastRenamedAt: Date | null;
  previouslyRenamedAt: Date | null;
  /** Discord takes no rename before that time. */
  limitedUntil: Date | null;
  /** After failures that time alone does not mend, the next try. */
  pausedUntil: Date | null;
  /** Whether it waits as its count could not be read: once the count is known, it waits no longer. */
  countsUnread: boolean;
  /** Failures since the last success. */
  attempts: number;
  /** One sentence for people. */
  lastError: string | null;
}

interface PanelChannelRow {
  channel_id: string;
  shown_name: string | null;
  shown_at: Date | null;
  last_renamed_at: Date | null;
  previously_renamed_at: Date | null;
  limited_until: Date | null;
  paused_until: Date | null;
  counts_unread: boolean;
  attempts: number;
  last_error: string | null;
}

/** By channel. */
export async function findPanelChannels(manager: EntityManager, guildId: string): Promise<Map<string, PanelChannel>> {
  const rows = await manager.query<PanelChannelRow[]>(
    `SELECT channel_id, shown_name, shown_at, last_renamed_at, previously_renamed_at, limited_until, paused_until,
            counts_unread, attempts, last_error
     FROM counter_panel_channels WHERE guild_id = $1`,
    [guildId],
  );
  return new Map(rows.map((row) => [row.channel_id, ofRow(row)]));
}

/**
 * Stores them while the claim holds: one that has ended by itself may have been followed by another, which knows
 * better.
 *
 * @returns whether the claim holds
 */
export async function savePanelChannels(
  manager: EntityManager,
  { guildId, until }: RefreshClaim,
  channels: readonly PanelChannel[],
): Promise<boolean> {
  const [row] = await manager.query<{ holds: boolean }[]>(
    `WITH claim AS MATERIALIZED (
       SELECT guild_id FROM counter_panel_refreshes WHERE guild_id = $1 AND claimed_until = $2 FOR UPDATE
     ), saved AS (
       INSERT INTO counter_panel_channels
         (guild_id, channel_id, shown_name, shown_at, last_renamed_at, previously_renamed_at, limited_until,
          paused_until, counts_unread, attempts, last_error)
       SELECT claim.guild_id, c.channel_id, c.shown_name, c.shown_at, c.last_renamed_at, c.previously_renamed_at,
         c.limited_until, c.paused_until, c.counts_unread, c.attempts, c.last_error
       FROM claim CROSS JOIN jsonb_to_recordset($3::jsonb) AS c (
         channel_id bigint, shown_name text, shown_at timestamptz, last_renamed_at timestamptz,
         previously_renamed_at timestamptz, limited_until timestamptz, paused_until timestamptz,
         counts_unread boolean, attempts integer, last_error text)
       ON CONFLICT (guild_id, channel_id) DO UPDATE SET
         shown_name = excluded.shown_name, shown_at = excluded.shown_at, last_renamed_at = excluded.last_renamed_at,
         previously_renamed_at = excluded.previously_renamed_at, limited_until = excluded.limited_until,
         paused_until = excluded.paused_until, counts_unread = excluded.counts_unread, attempts = excluded.attempts,
         last_error = excluded.last_error
     )
     SELECT EXISTS (SELECT FROM claim) AS holds`,
    [guildId, until, JSON.stringify(channels.map(toRow))],
  );
  return row!.holds;
}

/** Drops what is known of channels that show no count any more, unless Discord still counts their renames. */
export async function dropPanelChannels(
  manager: EntityManager,
  guildId: string,
  channelIds: readonly string[],
  renamedBefore: Date,
): Promise<void> {
  await manager.query(
    `DELETE FROM counter_panel_channels
     WHERE guild_id = $1 AND channel_id = ANY ($2) AND (last_renamed_at IS NULL OR last_renamed_at < $3)`,
    [guildId, channelIds, renamedBefore],
  );
}

/** Whatever the channels of the guild are called by now, they get their names anew. */
export async function forgetShownNames(manager: EntityManager, guildId: string): Promise<void> {
  await manager.query('UPDATE counter_panel_channels SET shown_name = NULL WHERE guild_id = $1', [guildId]);
}

function ofRow(row: PanelChannelRow): PanelChannel {
  return {
    channelId: row.channel_id,
    shownName: row.shown_name,
    shownAt: row.shown_at,
    lastRenamedAt: row.last_renamed_at,
    previouslyRenamedAt: row.previously_renamed_at,
    limitedUntil: row.limited_until,
    pausedUntil: row.paused_until,
    countsUnread: row.counts_unread,
    attempts: row.attempts,
    lastError: row.last_error,
  };
}

function toRow(channel: PanelChannel): PanelChannelRow {
  return {
    channel_id: channel.channelId,
    shown_name: channel.shownName,
    shown_at: channel.shownAt,
    last_renamed_at: channel.lastRenamedAt,
    previously_renamed_at: channel.previouslyRenamedAt,
    limited_until: channel.limitedUntil,
    paused_until: channel.pausedUntil,
    counts_unread: channel.countsUnread,
    attempts: channel.attempts,
    last_error: channel.lastError,
  };
}
