import type { TimeWindow } from '../time-window.js';
import type { SqlParameters } from './sql-parameters.js';

/** A time range of one kind's events. */
export interface EventRange extends TimeWindow {
  kind: number;
}

export interface EventFilter {
  userId?: string;
  channelId?: string;
}

/**
 * A table expression `e` with the given columns of the events in these ranges. There must be at least one range.
 *
 * `OFFSET 0` makes the planner use an index for each range. The overall bounds let it prune partitions.
 */
export function eventsInRanges(
  parameters: SqlParameters,
  guildId: string,
  ranges: readonly EventRange[],
  filter: EventFilter,
  columns: string,
): string {
  const guild = parameters.bind(guildId, 'bigint');
  const from = parameters.bindTime(Math.min(...ranges.map((range) => range.from)));
  const to = parameters.bindTime(Math.max(...ranges.map((range) => range.to)));
  const conditions = [`guild_id = ${guild}`, `occurred_at >= ${from}`, `occurred_at < ${to}`];
  if (filter.userId !== undefined) conditions.push(`user_id = ${parameters.bind(filter.userId, 'bigint')}`);
  if (filter.channelId !== undefined) conditions.push(`channel_id = ${parameters.bind(filter.channelId, 'bigint')}`);
  if (ranges.length === 1) {
    conditions.push(`kind = ${parameters.bind(ranges[0]!.kind, 'smallint')}`);
    return `(SELECT ${columns} FROM statistic_events WHERE ${conditions.join(' AND ')}) e`;
  }
  const kinds = parameters.bind(
    ranges.map((range) => range.kind),
    'smallint[]',
  );
  const starts = parameters.bindTimes(ranges.map((range) => range.from));
  const ends = parameters.bindTimes(ranges.map((range) => range.to));
  conditions.push('kind = s.kind', 'occurred_at >= s.starts_at', 'occurred_at < s.ends_at');
  return `unnest(${kinds}, ${starts}, ${ends}) AS s(kind, starts_at, ends_at)
    CROSS JOIN LATERAL (SELECT ${columns} FROM statistic_events WHERE ${conditions.join(' AND ')} OFFSET 0) e`;
}
