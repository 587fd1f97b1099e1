import type { EntityManager } from 'typeorm';
import { abandonPanelChannels } from '#libs/counters';
import { eraseGuildEntries, eraseGuildLooks, eraseMemberEntries, eraseReplyAuthor } from '#libs/starboard';
import { eraseOutlivedGroups } from './outlived-groups.js';

/** A member of a guild who is erased. */
export interface ErasedMember {
  guildId: string;
  userId: string;
  /** What was posted of later messages stays. */
  beforeMessage?: string;
}

/** A column that names members. */
export interface MemberColumn {
  /** What the erasure of a member does with it: the row goes, the column is cleared, or the row stays as it is. */
  erasure: 'delete row' | 'clear' | 'keep';
  /** The row counts among what is stored of the member. */
  isCounted?: true;
  /** Guild and column begin an index, by which the guilds are found in which something names the member. */
  isLookedUp?: true;
}

/** A table of which a guild may have many rows, so that they go in several transactions. */
export interface ErasedInSteps {
  way: 'in steps';
  /** The columns of the primary key after `guild_id`. */
  key: readonly string[];
  /** How many of them, from the first on, stay as they are as long as the row is there. */
  steady: number;
  isPartitioned: boolean;
  /** The column that says when an event occurred: only those from before the erasure go. */
  occurredAt?: string;
}

/** A table of which a guild has few rows, which go in the transaction that lays the tombstone. */
interface ErasedAtOnce {
  way: 'at once';
  /** @defaultValue all rows of the guild are deleted */
  erase?: (manager: EntityManager, guildId: string) => Promise<void>;
}

interface Kept {
  way: 'kept';
  why: string;
}

export interface ErasedTable {
  table: string;
  /** What becomes of its rows when their guild is erased. */
  ofGuild: ErasedInSteps | ErasedAtOnce | Kept;
  /** Those that name members, by name. */
  memberColumns?: Readonly<Record<string, MemberColumn>>;
  /**
   * Erases a member in the first step of the erasure. Events, which may be many, follow in other steps.
   *
   * @returns how many rows went that counted among what was stored of the member
   */
  eraseMember?: (manager: EntityManager, member: ErasedMember) => Promise<number>;
}

/** So long the channels of panels are left to whoever erases the guild; then the upkeep of panels removes them. */
const REMOVED_AT_ONCE_MS = 30_000;

/**
 * All tables with rows of guilds, in the order in which a guild is erased. A table with a column `guild_id`, or one
 * that names members, must be here.
 *
 * Those that are erased in steps keep their order: unfinished erasures store how many of them are done. Rollups and
 * marks come from events, so they come after them: a rollup worker or the erasure of a member may be at the guild
 * meanwhile.
 */
export const ERASED_TABLES: readonly ErasedTable[] = [
  {
    table: 'statistic_events',
    ofGuild: {
      way: 'in steps',
      key: ['kind', 'occurred_at', 'event_id'],
      steady: 2, // the erasure of a member draws new event ids
      isPartitioned: true,
      occurredAt: 'occurred_at',
    },
    memberColumns: { user_id: { erasure: 'clear', isCounted: true, isLookedUp: true } },
  },
  {
    table: 'statistic_totals',
    ofGuild: { way: 'in steps', key: ['kind', 'bucket', 'facet'], steady: 3, isPartitioned: true },
  },
  {
    table: 'statistic_groups',
    ofGuild: {
      way: 'in steps',
      key: ['kind', 'dimension', 'span', 'bucket', 'facet'],
      steady: 5,
      isPartitioned: true,
    },
    // Those of days whose events are there go with the events.
    memberColumns: { ids: { erasure: 'delete row' } },
    eraseMember: async (manager, { guildId }) => {
      await eraseOutlivedGroups(manager, guildId);
      return 0;
    },
  },
  { table: 'guild_snapshots', ofGuild: { way: 'in steps', key: ['bucket'], steady: 1, isPartitioned: true } },
  {
    table: 'statistic_rollup_pending',
    // The rollup worker makes marks of days from those of quarters, and their keys may be smaller.
    ofGuild: { way: 'in steps', key: ['kind', 'bucket', 'span', 'generation'], steady: 0, isPartitioned: false },
  },
  {
    table: 'counter_panel_creations',
    // Before the panels, whose channels become creations that are to be removed.
    ofGuild: {
      way: 'at once',
      erase: (manager, guildId) => abandonPanelChannels(manager, guildId, REMOVED_AT_ONCE_MS),
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
  // The refreshes come first: who holds the lease of one may write the channels, and nobody else.
  { table: 'counter_panel_refreshes', ofGuild: { way: 'at once' } },
  { table: 'counter_panel_channels', ofGuild: { way: 'at once' } },
  { table: 'api_keys', ofGuild: { way: 'kept', why: 'the operator gives and revokes them' } },
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
    ofGuild: { way: 'kept', why: 'keeps out what comes later' },
    memberColumns: { user_id: { erasure: 'keep' } },
  },
];

/** The columns of a table that name members. @param kind only those for which that is so */
export function memberColumns(table: string, kind?: 'isCounted' | 'isLookedUp'): string[] {
  const columns = ERASED_TABLES.find((erased) => erased.table === table)?.memberColumns ?? {};
  return Object.keys(columns).filter((name) => kind === undefined || columns[name]![kind]);
}

/**
 * The condition that a row of the table names a member.
 *
 * @param member a placeholder
 * @param kind in a column for which that is so
 */
export function namesMember(table: string, member: string, kind?: 'isCounted' | 'isLookedUp'): string {
  return `(${memberColumns(table, kind)
    .map((column) => `${column} = ${member}`)
    .join(' OR ')})`;
}
