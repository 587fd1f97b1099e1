/** A table that is range-partitioned by time in UTC. */
export interface PartitionedTable {
  table: string;
  /** The column of the partition key. */
  column: string;
  unit: 'day' | 'month';
  /** Partitions older than this may be dropped. */
  retentionDays: number;
  /** Rollups are computed from its rows. So a partition is dropped only when none of its buckets is stale. */
  feedsRollups?: boolean;
}

export interface Retention {
  /** How long events are kept, in days. */
  eventDays: number;
  /** How long totals and guild snapshots are kept, in days. */
  summaryDays: number;
}

/** All tables whose partitions are created in advance and dropped after their retention. */
export function partitionedTables(retention: Retention): PartitionedTable[] {
  const [events, summaries] = [{ retentionDays: retention.eventDays }, { retentionDays: retention.summaryDays }];
  return [
    { table: 'statistic_events', column: 'occurred_at', unit: 'day', ...events, feedsRollups: true },
    { table: 'statistic_groups', column: 'bucket', unit: 'day', ...events },
    { table: 'statistic_totals', column: 'bucket', unit: 'month', ...summaries },
    { table: 'guild_snapshots', column: 'bucket', unit: 'month', ...summaries },
    { table: 'guild_snapshot_days', column: 'day', unit: 'month', ...summaries },
  ];
}

export interface PartitionRange {
  name: string;
  /** Inclusive. */
  from: Date;
  /** Exclusive. */
  to: Date;
}

/** How far in advance partitions are created, in days. */
const DAYS_AHEAD = 7;
const DAY_MS = 86_400_000;

/** All partitions that must exist now: from the start of the retention to a week ahead. */
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

/** The range of a partition, from its name. Undefined for the default partition and for other names. */
export function rangeOfPartition(table: PartitionedTable, name: string): PartitionRange | undefined {
  const match = /_(\d{4})(\d\d)(\d\d)?$/.exec(name);
  if (match === null) return undefined;
  const from = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3] ?? 1)));
  return partitionName(table, from) === name ? { name, from, to: next(table.unit, from) } : undefined;
}

/** Whether the whole partition is past the retention. */
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
