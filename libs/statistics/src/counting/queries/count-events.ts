import type { EntityManager } from 'typeorm';
import { sketchIndexSql } from '../../rollups/sketch.js';
import type { CountRow, DistributionRow, ExtentRow } from './count-totals.js';
import { eventsInRanges, type EventFilter, type EventRange } from './events-in-ranges.js';
import { SqlParameters } from './sql-parameters.js';

export interface EventsQuery {
  guildId: string;
  ranges: readonly EventRange[];
  filter: EventFilter;
  /** Divide the ranges into cells, which are counted separately. Unix milliseconds, ascending. */
  boundaries: readonly number[];
}

export async function countEvents(manager: EntityManager, query: EventsQuery): Promise<CountRow[]> {
  if (query.ranges.length === 0) return [];
  const parameters = new SqlParameters();
  const cell = `width_bucket(e.occurred_at, ${parameters.bindTimes(query.boundaries)})`;
  const events = eventsInRanges(parameters, query.guildId, query.ranges, query.filter, 'kind, occurred_at');
  return manager.query<CountRow[]>(
    `SELECT e.kind, ${cell} AS cell, count(*) AS count FROM ${events} GROUP BY 1, 2`,
    parameters.values,
  );
}

/** Returns one row for each cell and sketch index. The count, sum, minimum and maximum cover only the row's events. */
export async function measureEvents(
  manager: EntityManager,
  query: EventsQuery,
): Promise<(ExtentRow & DistributionRow)[]> {
  if (query.ranges.length === 0) return [];
  const parameters = new SqlParameters();
  const cell = `width_bucket(e.occurred_at, ${parameters.bindTimes(query.boundaries)})`;
  const columns = 'kind, occurred_at, value';
  const events = eventsInRanges(parameters, query.guildId, query.ranges, query.filter, columns);
  return manager.query<(ExtentRow & DistributionRow)[]>(
    `SELECT e.kind, ${cell} AS cell, ${sketchIndexSql('e.value')} AS sketch_index, count(*) AS count,
       sum(e.value) AS value_sum, min(e.value) AS value_min, max(e.value) AS value_max
     FROM ${events} GROUP BY 1, 2, 3`,
    parameters.values,
  );
}
