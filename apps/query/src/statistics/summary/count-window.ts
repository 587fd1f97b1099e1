import type { EntityManager } from 'typeorm';
import { DIMENSIONS, isTimed, type CompiledKind } from '#libs/contracts';
import {
  BUCKET_MS,
  countEvents,
  countKinds,
  countTotals,
  coverByGroups,
  coverByTotals,
  DAY_MS,
  measureEvents,
  readDistributions,
  readStaleBuckets,
  SPANS,
  without,
  type DistributionRow,
  type EventFilter,
  type EventsQuery,
  type ExtentRow,
  type TimeWindow,
  type TotalsQuery,
  type WindowQuery,
} from '#libs/statistics';
import { DelayCollector } from './delay-statistics.js';
import { countInGroups } from './queries/count-in-groups.js';

/** The events of one cell. */
export class Tally {
  count = 0;
  readonly delays = new DelayCollector();
}

/** The events of each cell: before the first boundary (0), between the first and the second (1), and so on. */
export class Tallies {
  readonly cells: readonly Tally[];

  constructor(boundaries: readonly number[]) {
    this.cells = Array.from({ length: boundaries.length + 1 }, () => new Tally());
  }

  at(cell: number): Tally {
    return this.cells[cell]!;
  }
}

/**
 * Counts the events of one kind, and collects their delays if it is a timed kind. Reads rollups where they are up to
 * date and events elsewhere, so it must run in a transaction with one snapshot.
 */
export function countKind(
  manager: EntityManager,
  kind: CompiledKind,
  query: WindowQuery,
  filter: EventFilter,
): Promise<Tallies> {
  if (filter.userId === undefined && filter.channelId === undefined) return countByTotals(manager, kind, query);
  const ofChannelAlone = filter.userId === undefined && !isTimed(kind.definition);
  return ofChannelAlone
    ? countChannel(manager, kind, query, filter.channelId!)
    : countByEvents(manager, kind, query, [query.window], filter);
}

async function countByTotals(manager: EntityManager, kind: CompiledKind, query: WindowQuery): Promise<Tallies> {
  const { number } = kind;
  if (!isTimed(kind.definition)) return talliesOf((await countKinds(manager, [number], query)).get(number)!);
  const { guildId, window, boundaries } = query;
  const stale = await readStaleBuckets(manager, guildId, [number], window);
  const { totals, exceptions, events } = coverByTotals(window, stale.get(number)!.buckets, boundaries);
  const tallies = await countByEvents(manager, kind, query, events, {});
  if (totals === undefined) return tallies;
  const of: TotalsQuery = {
    guildId,
    kinds: [number],
    window: totals,
    exceptions: exceptions.map((bucket) => ({ kind: number, bucket })),
    boundaries,
  };
  for (const row of await countTotals(manager, of)) addExtent(tallies, row);
  for (const row of await readDistributions(manager, of)) addDistribution(tallies, row);
  return tallies;
}

/**
 * Counts the events of one channel. Days have groups by channel. So do busy 15-minute buckets, which are used for days
 * that cannot be read as a whole. The remaining buckets have few events, which are counted.
 */
async function countChannel(
  manager: EntityManager,
  kind: CompiledKind,
  query: WindowQuery,
  channelId: string,
): Promise<Tallies> {
  const { guildId, window, boundaries } = query;
  const { number } = kind;
  const stale = (await readStaleBuckets(manager, guildId, [number], window)).get(number)!;
  const isDivided = (day: number) => boundaries.some((boundary) => boundary > day && boundary < day + DAY_MS);
  const days = coverByGroups(window, stale.buckets, stale.days).days.filter((day) => !isDivided(day));
  const { totals, exceptions } = coverByTotals(window, stale.buckets, boundaries);
  const counts = new Map<number, number>();
  if (totals !== undefined) {
    const of = { guildId, kind: number, dimension: DIMENSIONS.channel.number, id: channelId, window: totals };
    for (const [bucket, count] of await countInGroups(manager, { ...of, span: SPANS.bucket })) {
      counts.set(bucket, count);
    }
    for (const bucket of exceptions) counts.delete(bucket);
    const ofDays = await countInGroups(manager, { ...of, span: SPANS.day });
    for (const day of days) {
      for (let bucket = day; bucket < day + DAY_MS; bucket += BUCKET_MS) counts.delete(bucket);
      counts.set(day, ofDays.get(day) ?? 0);
    }
  }
  const starts = [...counts.keys()].toSorted((a, b) => a - b);
  const wholeDays = new Set(days);
  const buckets = starts.filter((start) => !wholeDays.has(start));
  const rest = without(window, days, DAY_MS).flatMap((range) => without(range, buckets, BUCKET_MS));
  const tallies = await countByEvents(manager, kind, query, rest, { channelId });
  let cell = 0;
  for (const start of starts) {
    while (cell < boundaries.length && boundaries[cell]! <= start) cell++;
    tallies.at(cell).count += counts.get(start)!;
  }
  return tallies;
}

async function countByEvents(
  manager: EntityManager,
  kind: CompiledKind,
  { guildId, boundaries }: WindowQuery,
  ranges: readonly TimeWindow[],
  filter: EventFilter,
): Promise<Tallies> {
  const tallies = new Tallies(boundaries);
  const ofKind = ranges.map((range) => ({ kind: kind.number, ...range }));
  const query: EventsQuery = { guildId, ranges: ofKind, filter, boundaries };
  if (isTimed(kind.definition)) {
    for (const row of await measureEvents(manager, query)) {
      addExtent(tallies, row);
      addDistribution(tallies, row);
    }
  } else {
    for (const { cell, count } of await countEvents(manager, query)) tallies.at(cell).count += Number(count);
  }
  return tallies;
}

/** Tallies without delays. */
function talliesOf(counts: readonly number[]): Tallies {
  const tallies = new Tallies(counts.slice(1));
  for (const [cell, count] of counts.entries()) tallies.at(cell).count = count;
  return tallies;
}

function addExtent(tallies: Tallies, row: ExtentRow): void {
  const tally = tallies.at(row.cell);
  tally.count += Number(row.count);
  if (row.value_sum === null) return;
  tally.delays.addExtent({ sum: Number(row.value_sum), min: Number(row.value_min), max: Number(row.value_max) });
}

function addDistribution(tallies: Tallies, { cell, sketch_index: index, count }: DistributionRow): void {
  if (index !== null) tallies.at(cell).delays.addDistribution(index, Number(count));
}
