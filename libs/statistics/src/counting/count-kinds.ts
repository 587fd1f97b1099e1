import type { EntityManager } from 'typeorm';
import { coverByTotals } from './coverage.js';
import { countEvents } from './queries/count-events.js';
import { countTotals } from './queries/count-totals.js';
import { readStaleBuckets } from './queries/read-stale-buckets.js';
import type { TimeWindow } from './time-window.js';

export interface WindowQuery {
  guildId: string;
  window: TimeWindow;
  /** Divide the window into cells, which are counted separately. Unix milliseconds, ascending. */
  boundaries: readonly number[];
}

/**
 * Counts the events of several kinds. Reads rollups where they are up to date and events elsewhere, so it must run in
 * {@link inStatisticsSnapshot}.
 *
 * @param kinds their numbers
 * @returns for each kind the counts of the cells: before the first boundary, between the first and the second, and so on
 */
export async function countKinds(
  manager: EntityManager,
  kinds: readonly number[],
  { guildId, window, boundaries }: WindowQuery,
): Promise<ReadonlyMap<number, readonly number[]>> {
  const stale = await readStaleBuckets(manager, guildId, kinds, window);
  const coverages = kinds.map((kind) => ({ kind, ...coverByTotals(window, stale.get(kind)!.buckets, boundaries) }));
  const exceptions = coverages.flatMap(({ kind, exceptions: of }) => of.map((bucket) => ({ kind, bucket })));
  const ranges = coverages.flatMap(({ kind, events }) => events.map((range) => ({ kind, ...range })));
  const whole = coverages[0]?.totals;
  const rows = [
    ...(whole ? await countTotals(manager, { guildId, kinds, window: whole, exceptions, boundaries }) : []),
    ...(await countEvents(manager, { guildId, ranges, filter: {}, boundaries })),
  ];
  const counts = new Map(kinds.map((kind) => [kind, new Array<number>(boundaries.length + 1).fill(0)]));
  for (const { kind, cell, count } of rows) counts.get(kind)![cell]! += Number(count);
  return counts;
}
