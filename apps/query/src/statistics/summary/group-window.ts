import type { EntityManager } from 'typeorm';
import type { CompiledKind, Dimension } from '#libs/contracts';
import {
  BUCKET_MS,
  coverByGroups,
  readStaleBuckets,
  without,
  type EventFilter,
  type TimeWindow,
} from '#libs/statistics';
import { findBusyBuckets, readTopGroups, type GroupRow } from './queries/top-groups.js';

export interface GroupsQuery {
  guildId: string;
  window: TimeWindow;
  dimension: Dimension;
  filter: EventFilter;
  top: number;
}

/**
 * The largest groups of one kind's events. Reads the groups of days where they are up to date, else those of busy
 * 15-minute buckets, and events elsewhere, so it must run in a transaction with one snapshot.
 */
export async function groupKind(manager: EntityManager, kind: CompiledKind, query: GroupsQuery): Promise<GroupRow[]> {
  const { guildId, window, dimension, filter } = query;
  const { number } = kind;
  const readFrom = (days: readonly number[], buckets: readonly number[], ranges: readonly TimeWindow[]) =>
    readTopGroups(manager, {
      ...query,
      kind: number,
      days,
      buckets,
      ranges: ranges.map((range) => ({ kind: number, ...range })),
    });
  if (filter.userId !== undefined || filter.channelId !== undefined) return readFrom([], [], [window]);

  const stale = (await readStaleBuckets(manager, guildId, [number], window)).get(number)!;
  const { days, buckets, rest } = coverByGroups(window, stale.buckets, stale.days);
  const busy = await findBusyBuckets(manager, { guildId, kind: number, dimension, buckets });
  return readFrom(
    days,
    busy,
    rest.flatMap((range) => without(range, busy, BUCKET_MS)),
  );
}
