import type { EntityManager } from 'typeorm';
import type { TimeWindow } from '../time-window.js';
import { SqlParameters } from './sql-parameters.js';

/** Selects the 15-minute buckets whose totals are read. */
export interface TotalsQuery {
  guildId: string;
  /** Numbers of kinds. */
  kinds: readonly number[];
  /** Must consist of whole buckets. */
  window: TimeWindow;
  /** Buckets to leave out. */
  exceptions: readonly { kind: number; bucket: number }[];
  /** Divide the window into cells, which are counted separately. Unix milliseconds, ascending. */
  boundaries: readonly number[];
}

/** The events of a kind in one cell: before the first boundary (0), between the first and the second (1), and so on. */
export interface CountRow {
  kind: number;
  cell: number;
  count: string;
}

export interface ExtentRow extends CountRow {
  /** Microseconds; null if no event has a value. */
  value_sum: string | null;
  value_min: string | null;
  value_max: string | null;
}

export interface DistributionRow {
  cell: number;
  /** Null for events without a value. */
  sketch_index: number | null;
  count: string;
}

export function countTotals(manager: EntityManager, query: TotalsQuery): Promise<ExtentRow[]> {
  const parameters = new SqlParameters();
  const { from, cell } = totalsOf(parameters, query);
  return manager.query<ExtentRow[]>(
    `SELECT t.kind, ${cell} AS cell, sum(t.event_count) AS count,
       coalesce(sum(t.value_sum) + coalesce(sum(t.large_value_sum), 0), sum(t.large_value_sum)) AS value_sum, min(t.value_min) AS value_min, max(t.value_max) AS value_max
     FROM ${from} GROUP BY 1, 2`,
    parameters.values,
  );
}

/** Reads the distribution of delays. Only for a single kind. */
export function readDistributions(manager: EntityManager, query: TotalsQuery): Promise<DistributionRow[]> {
  const parameters = new SqlParameters();
  const { from, cell } = totalsOf(parameters, query, 'unnest(t.sketch_indexes, t.sketch_counts) AS d(sketch_index, n)');
  return manager.query<DistributionRow[]>(
    `SELECT ${cell} AS cell, d.sketch_index, sum(d.n) AS count FROM ${from} GROUP BY 1, 2`,
    parameters.values,
  );
}

function totalsOf(parameters: SqlParameters, query: TotalsQuery, joined?: string): { from: string; cell: string } {
  const { guildId, kinds, window, exceptions, boundaries } = query;
  const cell = `width_bucket(t.bucket, ${parameters.bindTimes(boundaries)})`;
  const conditions = [
    `t.guild_id = ${parameters.bind(guildId, 'bigint')}`,
    `t.kind = ANY (${parameters.bind(kinds, 'smallint[]')})`,
    `t.bucket >= ${parameters.bindTime(window.from)}`,
    `t.bucket < ${parameters.bindTime(window.to)}`,
  ];
  if (exceptions.length > 0) {
    const exceptedKinds = parameters.bind(
      exceptions.map(({ kind }) => kind),
      'smallint[]',
    );
    const buckets = parameters.bindTimes(exceptions.map(({ bucket }) => bucket));
    conditions.push(`NOT EXISTS (
      SELECT FROM unnest(${exceptedKinds}, ${buckets}) AS x(kind, bucket)
      WHERE x.kind = t.kind AND x.bucket = t.bucket)`);
  }
  const tables = joined === undefined ? 'statistic_totals t' : `statistic_totals t, ${joined}`;
  return { cell, from: `${tables} WHERE ${conditions.join(' AND ')}` };
}
