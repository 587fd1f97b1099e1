import type { EntityManager } from 'typeorm';
import { sketchIndexSql } from '#libs/statistics';
import type { CountRow, DistributionRow, ExtentRow } from './count-totals.js';
import { eventsInStretches, type EventFilter, type EventStretch } from './events-in-stretches.js';
import { SqlParameters } from './sql-parameters.js';

export interface EventsQuery {
  guildId: string;
  stretches: readonly EventStretch[];
  filter: EventFilter;
  /** Counting starts anew at each; Unix milliseconds, ascending. */
  cuts: readonly number[];
}

export async function countEvents(manager: EntityManager, query: EventsQuery): Promise<CountRow[]> {
  if (query.stretches.length === 0) return [];
  const parameters = new SqlParameters();
  const cut = `width_bucket(e.occurred_at, ${parameters.bindTimes(query.cuts)})`;
  const events = eventsInStretches(parameters, query.guildId, query.stretches, query.filter, 'kind, occurred_at');
  return manager.query<CountRow[]>(
    `SELECT e.kind, ${cut} AS cut, count(*) AS count FROM ${events} GROUP BY 1, 2`,
    parameters.values,
  );
}

/** A row for each bucket of the distribution, whose extents add up to that of all. */
export async function measureEvents(
  manager: EntityManager,
  query: EventsQuery,
): Promise<(ExtentRow & DistributionRow)[]> {
  if (query.stretches.length === 0) return [];
  const parameters = new SqlParameters();
  const cut = `width_bucket(e.occurred_at, ${parameters.bindTimes(query.cuts)})`;
  const columns = 'kind, occurred_at, value';
  const events = eventsInStretches(parameters, query.guildId, query.stretches, query.filter, columns);
  return manager.query<(ExtentRow & DistributionRow)[]>(
    `SELECT e.kind, ${cut} AS cut, ${sketchIndexSql('e.value')} AS sketch_index, count(*) AS count,
       sum(e.value) AS value_sum, min(e.value) AS value_min, max(e.value) AS value_max
     FROM ${events} GROUP BY 1, 2, 3`,
    parameters.values,
  );
}
