import { isExpired, partitionedTables, rangeOfPartition, requiredPartitions } from './partitioned-tables.js';

const tables = partitionedTables({ eventDays: 62, summaryDays: 400 });
const events = tables.find(({ table }) => table === 'statistic_events')!;
const snapshots = tables.find(({ table }) => table === 'guild_snapshots')!;
const now = new Date('2026-03-01T12:00:00Z');

describe('requiredPartitions', () => {
  it('should cover the time from the start of the retention to a week ahead without a gap', () => {
    const ranges = requiredPartitions(events, now);
    expect(ranges[0]!.name).toBe('statistic_events_20251229');
    expect(ranges.at(-1)!.name).toBe('statistic_events_20260308');
    for (const [index, range] of ranges.slice(1).entries()) expect(range.from).toEqual(ranges[index]!.to);
  });

  it('should use months for tables with a long retention', () => {
    const names = requiredPartitions(snapshots, now).map(({ name }) => name);
    expect(names[0]).toBe('guild_snapshots_202501');
    expect(names.at(-1)).toBe('guild_snapshots_202603');
  });
});

describe('isExpired', () => {
  it('should keep a day until its last moment is past the retention', () => {
    const range = rangeOfPartition(events, 'statistic_events_20251228')!;
    expect(isExpired(events, range, new Date('2026-02-28T23:59:59.999Z'))).toBe(false);
    expect(isExpired(events, range, new Date('2026-03-01T00:00:00Z'))).toBe(true);
  });
});

describe('rangeOfPartition', () => {
  it.each(['statistic_events_default', 'statistic_events_backup_1', 'statistic_events_20261399'])(
    'should return undefined for %s',
    (name) => expect(rangeOfPartition(events, name)).toBeUndefined(),
  );
});
