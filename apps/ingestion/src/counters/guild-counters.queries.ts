import type { EntityManager } from 'typeorm';
import type { CounterTypes } from '#libs/contracts';
import { findCounters, shownCounters, type KnownCounter } from '#libs/counters';
import type { GuildSnapshot, SnapshotCounts } from './guild-counts.js';

export interface GuildCounters {
  /** One for each channel. */
  counters: KnownCounter[];
  /** The latest snapshot, of any age. Undefined if there is none. */
  snapshot?: GuildSnapshot;
}

interface GuildRow {
  shows_counters: boolean;
  occurred_at: Date | null;
  counts: SnapshotCounts | null;
}

/** @returns undefined for a guild that shows no counters */
export async function findGuildCounters(
  manager: EntityManager,
  guildId: string,
  types: CounterTypes,
): Promise<GuildCounters | undefined> {
  // The latest bucket has the latest snapshot. All counts are read, because new counter types may use any of them. A
  // row without "counts" is of the version before, which stored them in columns.
  const [row] = await manager.query<GuildRow[]>(
    `SELECT s.enabled AND s.counter_panel_enabled AS shows_counters, latest.occurred_at, latest.counts
     FROM guild_settings s
     LEFT JOIN LATERAL (
       SELECT occurred_at, to_jsonb(g) - 'guild_id' - 'counts' || coalesce(counts, '{}') AS counts
       FROM guild_snapshots g WHERE g.guild_id = s.guild_id ORDER BY g.bucket DESC LIMIT 1
     ) latest ON true
     WHERE s.guild_id = $1`,
    [guildId],
  );
  if (!row?.shows_counters) return undefined;
  const { occurred_at: occurredAt, counts } = row;
  const counters = shownCounters(await findCounters(manager, guildId, types));
  return { counters, snapshot: occurredAt === null ? undefined : { occurredAt, counts: counts! } };
}
