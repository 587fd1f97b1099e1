/** A table that is range-partitioned by time in UTC, and how far its partitions reach. */
export interface PartitionedTable {
  table: string;
  /** The column of the partition key. */
  column: string;
  unit: 'day' | 'month';
  /** What is older than this many days may be dropped. */
  retentionDays: number;
  /** Whether a partition waits to be dropped until its marks are gone: its rollups outlive it, and need its rows. */
  feedsRollups?: boolean;
}

export interface Retention {
  /** How long events stay, in days. */
  eventDays: number;
  /** How long totals and guild snapshots stay, in days. */
  summaryDays: number;
}

/** The tables whose partitions are made ahead and dropped after their retention. */
export function partitionedTables(retention: Retention): PartitionedTable[] {
  const [events, summaries] = [{ retentionDays: retention.eventDays }, { retentionDays: retention.summaryDays }];
  return [
    { table: 'statistic_events', column: 'occurred_at', unit: 'day', ...events, feedsRollups: true },
    { table: 'statistic_groups', column: 'bucket', unit: 'day', ...events },
    { table: 'statistic_totals', column: 'bucket', unit: 'month', ...summaries },
    { table: 'guild_snapshots', column: 'bucket', unit: 'month', ...summaries },
  ];
}

export interface PartitionRange {
  name: string;
  /** First moment that belongs to the partition. */
  from: Date;
  /** First moment that no longer does. */
  to: Date;
}

/** Partitions exist this far ahead, in days. */
const DAYS_AHEAD = 7;
const DAY_MS = 86_400_000;

/** Every partition that must exist now: from the retention's end to a week ahead. */
export function requiredPartitions(table: PartitionedTable, now: Date): PartitionRange[] {
  const ranges: PartitionRange[] = [];
  const last = now.getTime() + DAYS_AHEAD * DAY_MS;
  for (
    let from = startOf(table.unit, new Date(now.getTime() - table.retentionDays * DAY_MS));
    from.getTime() <= last;
    from = next(table.unit, from)
  ) {
    ranges.push({ name: partitionName(table, from), from, to: next(table.unit, from) });
  }
  return ranges;
}

/** The range of an existing partition by its name, or undefined for the default partition and foreign names. */
export function rangeOfPartition(table: PartitionedTable, name: string): PartitionRange | undefined {
  const match = /_(\d{4})(\d\d)(\d\d)?$/.exec(name);
  if (match === null) return undefined;
  const from = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3] ?? 1)));
  return partitionName(table, from) === name ? { name, from, to: next(table.unit, from) } : undefined;
}

/** Whether nothing in the partition is within the retention any more. */
export function isExpired(table: PartitionedTable, range: PartitionRange, now: Date): boolean {
  return range.to.getTime() <= now.getTime() - table.retentionDays * DAY_MS;
}

function partitionName(table: PartitionedTable, from: Date): string {
  const digits = from.toISOString().slice(0, 10).replaceAll('-', '');
  return `${table.table}_${table.unit === 'day' ? digits : digits.slice(0, 6)}`;
}

function startOf(unit: 'day' | 'month', time: Date): Date {
  return new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), unit === 'day' ? time.getUTCDate() : 1));
}

function next(unit: 'day' | 'month', from: Date): Date {
  return unit === 'day'
    ? new Date(from.getTime() + DAY_MS)
    : new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1, 1));
}
