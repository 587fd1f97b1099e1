import type { EntityManager } from 'typeorm';
import { DIMENSIONS, isTimed, type CompiledKind } from '#libs/contracts';
import { DAY_MS, QUARTER_MS, SPANS } from '#libs/statistics';
import type { TimeWindow } from '../window/window.js';
import { coverByGroups, coverByTotals, without } from './coverage.js';
import { DelayCollector } from './delay-statistics.js';
import { countEvents, measureEvents, type EventsQuery } from './queries/count-events.js';
import { countInGroups } from './queries/count-in-groups.js';
import { countTotals, readDistributions, type ExtentRow, type TotalsQuery } from './queries/count-totals.js';
import type { EventFilter } from './queries/events-in-stretches.js';
import { readRollupMarks } from './queries/read-rollup-marks.js';

export interface WindowQuery {
  guildId: string;
  window: TimeWindow;
  /** Counting starts anew at each of these moments of the window; Unix milliseconds, ascending. */
  cuts: readonly number[];
}

/** What was counted between two cuts. */
export class Tally {
  count = 0;
  readonly delays = new DelayCollector();
}

/** What was counted before the first cut (0), between the first and the second (1), and so on. */
export class Tallies {
  readonly cells: readonly Tally[];

  constructor(cuts: readonly number[]) {
    this.cells = Array.from({ length: cuts.length + 1 }, () => new Tally());
  }

  at(cut: number): Tally {
    return this.cells[cut]!;
  }
}

/**
 * Counts the events of one kind, with their delays where the kind has some. What is not to be trusted of the rollups,
 * or not in them, is counted from the events, so call it in a transaction with one snapshot.
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

/** The same for several kinds at once, without their delays; by the number of the kind. */
export async function countKinds(
  manager: EntityManager,
  kinds: readonly CompiledKind[],
  query: WindowQuery,
): Promise<ReadonlyMap<number, Tallies>> {
  const { guildId, window, cuts } = query;
  const numbers = kinds.map((kind) => kind.definition.number);
  const marks = await readRollupMarks(manager, guildId, numbers, window);
  const coverages = numbers.map((kind) => ({ kind, ...coverByTotals(window, marks.get(kind)!.quarters, cuts) }));
  const exceptions = coverages.flatMap(({ kind, exceptions: of }) => of.map((quarter) => ({ kind, quarter })));
  const stretches = coverages.flatMap(({ kind, events }) => events.map((stretch) => ({ kind, ...stretch })));
  const whole = coverages[0]?.totals;
  const rows = [
    ...(whole ? await countTotals(manager, { guildId, kinds: numbers, window: whole, exceptions, cuts }) : []),
    ...(await countEvents(manager, { guildId, stretches, filter: {}, cuts })),
  ];
  const tallies = new Map(numbers.map((kind) => [kind, new Tallies(cuts)]));
  for (const { kind, cut, count } of rows) tallies.get(kind)!.at(cut).count += Number(count);
  return tallies;
}

async function countByTotals(manager: EntityManager, kind: CompiledKind, query: WindowQuery): Promise<Tallies> {
  const { number } = kind.definition;
  if (!isTimed(kind.definition)) return (await countKinds(manager, [kind], query)).get(number)!;
  const { guildId, window, cuts } = query;
  const marks = await readRollupMarks(manager, guildId, [number], window);
  const { totals, exceptions, events } = coverByTotals(window, marks.get(number)!.quarters, cuts);
  const tallies = await countByEvents(manager, kind, query, events, {});
  if (totals === undefined) return tallies;
  const of: TotalsQuery = {
    guildId,
    kinds: [number],
    window: totals,
    exceptions: exceptions.map((quarter) => ({ kind: number, quarter })),
    cuts,
  };
  for (const row of await countTotals(manager, of)) addExtent(tallies, row);
  for (const { cut, sketch_index: index, count } of await readDistributions(manager, of)) {
    tallies.at(cut).delays.addDistribution(index, Number(count));
  }
  return tallies;
}

/** Days have groups by channel, and so have busy quarters, for days that are divided; the others have few events. */
async function countChannel(
  manager: EntityManager,
  kind: CompiledKind,
  query: WindowQuery,
  channelId: string,
): Promise<Tallies> {
  const { guildId, window, cuts } = query;
  const { number } = kind.definition;
  const marks = (await readRollupMarks(manager, guildId, [number], window)).get(number)!;
  const isDivided = (day: number) => cuts.some((cut) => cut > day && cut < day + DAY_MS);
  const days = coverByGroups(window, marks.quarters, marks.days).days.filter((day) => !isDivided(day));
  const { totals, exceptions } = coverByTotals(window, marks.quarters, cuts);
  const counts = new Map<number, number>();
  if (totals !== undefined) {
    const of = { guildId, kind: number, dimension: DIMENSIONS.channel.number, id: channelId, window: totals };
    for (const [quarter, count] of await countInGroups(manager, { ...of, span: SPANS.quarter })) {
      counts.set(quarter, count);
    }
    for (const quarter of exceptions) counts.delete(quarter);
    const ofDays = await countInGroups(manager, { ...of, span: SPANS.day });
    for (const day of days) {
      for (let quarter = day; quarter < day + DAY_MS; quarter += QUARTER_MS) counts.delete(quarter);
      counts.set(day, ofDays.get(day) ?? 0);
    }
  }
  const buckets = [...counts.keys()].toSorted((a, b) => a - b);
  const wholeDays = new Set(days);
  const quarters = buckets.filter((bucket) => !wholeDays.has(bucket));
  const rest = without(window, days, DAY_MS).flatMap((stretch) => without(stretch, quarters, QUARTER_MS));
  const tallies = await countByEvents(manager, kind, query, rest, { channelId });
  let cut = 0;
  for (const bucket of buckets) {
    while (cut < cuts.length && cuts[cut]! <= bucket) cut++;
    tallies.at(cut).count += counts.get(bucket)!;
  }
  return tallies;
}

async function countByEvents(
  manager: EntityManager,
  kind: CompiledKind,
  { guildId, cuts }: WindowQuery,
  stretches: readonly TimeWindow[],
  filter: EventFilter,
): Promise<Tallies> {
  const tallies = new Tallies(cuts);
  const ofKind = stretches.map((stretch) => ({ kind: kind.definition.number, ...stretch }));
  const query: EventsQuery = { guildId, stretches: ofKind, filter, cuts };
  if (isTimed(kind.definition)) {
    for (const row of await measureEvents(manager, query)) {
      addExtent(tallies, row);
      tallies.at(row.cut).delays.addDistribution(row.sketch_index, Number(row.count));
    }
  } else {
    for (const { cut, count } of await countEvents(manager, query)) tallies.at(cut).count += Number(count);
  }
  return tallies;
}

function addExtent(tallies: Tallies, row: ExtentRow): void {
  const tally = tallies.at(row.cut);
  tally.count += Number(row.count);
  tally.delays.addExtent({ sum: Number(row.value_sum), min: Number(row.value_min), max: Number(row.value_max) });
}
