import type { TimeWindow } from '../../window/window.js';
import type { SqlParameters } from './sql-parameters.js';

/** A stretch of time in which the events of one kind are read. */
export interface EventStretch extends TimeWindow {
  kind: number;
}

export interface EventFilter {
  userId?: string;
  channelId?: string;
}

/**
 * The events of these stretches (at least one) as a table expression `e` with the columns named.
 *
 * `OFFSET 0` has each stretch read through an index; the bounds of all of them let the planner leave out partitions.
 */
export function eventsInStretches(
  parameters: SqlParameters,
  guildId: string,
  stretches: readonly EventStretch[],
  filter: EventFilter,
  columns: string,
): string {
  const guild = parameters.bind(guildId, 'bigint');
  const from = parameters.bindTime(Math.min(...stretches.map((stretch) => stretch.from)));
  const to = parameters.bindTime(Math.max(...stretches.map((stretch) => stretch.to)));
  const conditions = [`guild_id = ${guild}`, `occurred_at >= ${from}`, `occurred_at < ${to}`];
  if (filter.userId !== undefined) conditions.push(`user_id = ${parameters.bind(filter.userId, 'bigint')}`);
  if (filter.channelId !== undefined) conditions.push(`channel_id = ${parameters.bind(filter.channelId, 'bigint')}`);
  if (stretches.length === 1) {
    conditions.push(`kind = ${parameters.bind(stretches[0]!.kind, 'smallint')}`);
    return `(SELECT ${columns} FROM statistic_events WHERE ${conditions.join(' AND ')}) e`;
  }
  const kinds = parameters.bind(
    stretches.map((stretch) => stretch.kind),
    'smallint[]',
  );
  const starts = parameters.bindTimes(stretches.map((stretch) => stretch.from));
  const ends = parameters.bindTimes(stretches.map((stretch) => stretch.to));
  conditions.push('kind = s.kind', 'occurred_at >= s.starts_at', 'occurred_at < s.ends_at');
  return `unnest(${kinds}, ${starts}, ${ends}) AS s(kind, starts_at, ends_at)
    CROSS JOIN LATERAL (SELECT ${columns} FROM statistic_events WHERE ${conditions.join(' AND ')} OFFSET 0) e`;
}
