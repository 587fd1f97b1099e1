import type { EntityManager } from 'typeorm';
import { abandonCreatedChannels } from '#libs/counters';
import { eraseGuildEntries, eraseGuildLooks, eraseMemberEntries, eraseReplyAuthor } from '#libs/starboard';
import { eraseOrphanedGroups } from './orphaned-groups.js';

/** A member to be erased from a guild. */
export interface ErasedMember {
  guildId: string;
  userId: string;
  /** Starboard entries of messages with this id or a later one are kept. @defaultValue none is kept */
  beforeMessage?: string;
}

/** A column with ids of members. */
export interface MemberColumn {
  /** What the erasure of a member does: delete the row, set the column to null, or keep the row unchanged. */
  erasure: 'delete row' | 'clear' | 'keep';
  /** The row is part of the count of a member's data. */
  isCounted?: true;
  /** The search for a member's guilds uses this column. An index must begin with the guild and the column. */
  isLookedUp?: true;
}

/** A table that may have many rows of a guild, which are deleted in several transactions. */
export interface ErasedInSteps {
  way: 'in steps';
  /** The columns of the primary key after `guild_id`. */
  key: readonly string[];
  /** How many of the first key columns never change in a row. */
  stableColumns: number;
  isPartitioned: boolean;
  /** The column with the time of an event. Only events from before the erasure are deleted. */
  occurredAt?: string;
}

/** A table with few rows of a guild, which are deleted in the transaction that writes the tombstone. */
interface ErasedAtOnce {
  way: 'at once';
  /** @defaultValue deletes all rows of the guild */
  erase?: (manager: EntityManager, guildId: string) => Promise<void>;
}

interface Kept {
  way: 'kept';
  why: string;
}

export interface ErasedTable {
  table: string;
  /** What happens to its rows when their guild is erased. */
  ofGuild: ErasedInSteps | ErasedAtOnce | Kept;
  /** By column name. */
  memberColumns?: Readonly<Record<string, MemberColumn>>;
  /**
   * Erases a member in the first step of the erasure. Events are erased in further steps, because there may be many.
   *
   * @returns how many deleted rows are part of the count of a member's data
   */
  eraseMember?: (manager: EntityManager, member: ErasedMember) => Promise<number>;
}

/** The process that erases the guild removes the panels' channels within this time. Later, the panel worker does. */
const CHANNEL_REMOVAL_MS = 30_000;

/**
 * All tables with rows of guilds, in the order in which a guild is erased. Every table with a column `guild_id` or with
 * ids of members must be listed.
 *
 * The order of tables that are erased in steps must not change, because unfinished erasures store an index into it.
 * Rollups and stale buckets come after events: between two steps, a rollup worker or the erasure of a member may write
 * new ones for events that still exist.
 */
export const ERASED_TABLES: readonly ErasedTable[] = [
  {
    table: 'statistic_events',
    ofGuild: {
      way: 'in steps',
      key: ['kind', 'occurred_at', 'event_id'],
      stableColumns: 2, // the erasure of a member changes event ids
      isPartitioned: true,
      occurredAt: 'occurred_at',
    },
    memberColumns: {
      user_id: { erasure: 'clear', isCounted: true, isLookedUp: true },
      actor_id: { erasure: 'clear', isCounted: true, isLookedUp: true },
    },
  },
  {
    table: 'statistic_totals',
    ofGuild: { way: 'in steps', key: ['kind', 'bucket', 'facet'], stableColumns: 3, isPartitioned: true },
  },
  {
    table: 'statistic_groups',
    ofGuild: {
      way: 'in steps',
      key: ['kind', 'dimension', 'span', 'bucket', 'facet'],
      stableColumns: 5,
      isPartitioned: true,
    },
    // Groups of days that still have events are deleted together with the events.
    memberColumns: { ids: { erasure: 'delete row' } },
    eraseMember: async (manager, { guildId }) => {
      await eraseOrphanedGroups(manager, guildId);
      return 0;
    },
  },
  { table: 'guild_snapshots', ofGuild: { way: 'in steps', key: ['bucket'], stableColumns: 1, isPartitioned: true } },
  {
    table: 'statistic_rollup_pending',
    // For stale 15-minute buckets, the rollup worker adds stale days, whose keys may be smaller.
    ofGuild: { way: 'in steps', key: ['kind', 'bucket', 'span', 'generation'], stableColumns: 0, isPartitioned: false },
  },
  {
    // The erasure of a member deletes the claims of the member's events together with their ids.
    table: 'statistic_claims',
    ofGuild: {
      way: 'in steps',
      key: ['kind', 'event_id'],
      stableColumns: 2,
      isPartitioned: false,
      occurredAt: 'occurred_at',
    },
  },
  {
    table: 'guild_snapshot_days',
    ofGuild: { way: 'in steps', key: ['field', 'day'], stableColumns: 2, isPartitioned: true },
  },
  {
    table: 'counter_panel_creations',
    // Before the panels: their channels become abandoned creations, which are then removed.
    ofGuild: {
      way: 'at once',
      erase: (manager, guildId) => abandonCreatedChannels(manager, guildId, CHANNEL_REMOVAL_MS),
    },
  },
  { table: 'guild_settings', ofGuild: { way: 'at once' } },
  { table: 'counters', ofGuild: { way: 'at once' } },
  {
    table: 'starboard_entries',
    ofGuild: { way: 'at once', erase: eraseGuildEntries },
    memberColumns: {
      author_id: { erasure: 'delete row', isCounted: true, isLookedUp: true },
      origin_author_id: { erasure: 'delete row', isCounted: true, isLookedUp: true },
      reply_author_id: { erasure: 'clear', isLookedUp: true },
    },
    eraseMember: async (manager, { guildId, userId, beforeMessage }) => {
      const erased = await eraseMemberEntries(manager, guildId, userId, beforeMessage);
      await eraseReplyAuthor(manager, guildId, userId);
      return erased;
    },
  },
  { table: 'starboard_tasks', ofGuild: { way: 'at once', erase: eraseGuildLooks } },
  { table: 'starboard_problems', ofGuild: { way: 'at once' } },
  { table: 'collection_periods', ofGuild: { way: 'at once' } },
  // The refreshes come first, because only the holder of a refresh's lease writes the channels.
  { table: 'counter_panel_refreshes', ofGuild: { way: 'at once' } },
  { table: 'counter_panel_channels', ofGuild: { way: 'at once' } },
  { table: 'api_keys', ofGuild: { way: 'kept', why: 'the operator creates and revokes them' } },
  {
    table: 'erasures',
    ofGuild: { way: 'kept', why: 'the erasure itself' },
    memberColumns: { user_id: { erasure: 'keep', isLookedUp: true } },
  },
  {
    table: 'erasure_leases',
    ofGuild: { way: 'kept', why: 'the erasure itself' },
    memberColumns: { user_id: { erasure: 'keep' } },
  },
  {
    table: 'erasure_tombstones',
    ofGuild: { way: 'kept', why: 'keeps out events that arrive later' },
    memberColumns: { user_id: { erasure: 'keep' } },
  },
];

/** The columns of a table that name members. @param kind only columns with this property */
export function memberColumns(table: string, kind?: 'isCounted' | 'isLookedUp'): string[] {
  const columns = ERASED_TABLES.find((erased) => erased.table === table)?.memberColumns ?? {};
  return Object.keys(columns).filter((name) => kind === undefined || columns[name]![kind]);
}

/**
 * SQL condition: a row of the table names the member.
 *
 * @param member a placeholder
 * @param kind only columns with this property
 */
export function namesMember(table: string, member: string, kind?: 'isCounted' | 'isLookedUp'): string {
  return `(${memberColumns(table, kind)
    .map((column) => `${column} = ${member}`)
    .join(' OR ')})`;
}
