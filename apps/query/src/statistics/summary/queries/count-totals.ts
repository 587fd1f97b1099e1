import type { EntityManager } from 'typeorm';
import type { TimeWindow } from '../../window/window.js';
import { SqlParameters } from './sql-parameters.js';

/** Quarters of kinds whose totals are read. */
export interface TotalsQuery {
  guildId: string;
  /** Numbers of kinds. */
  kinds: readonly number[];
  /** Whole quarters. */
  window: TimeWindow;
  /** Quarters of a kind that are left out. */
  exceptions: readonly { kind: number; quarter: number }[];
  /** Counting starts anew at each; Unix milliseconds, ascending. */
  cuts: readonly number[];
}

/** Events of a kind before the first cut (`cut` 0), between the first and the second (1), and so on. */
export interface CountRow {
  kind: number;
  cut: number;
  count: string;
}

export interface ExtentRow extends CountRow {
  /** Microseconds; null where nothing has a value. */
  value_sum: string | null;
  value_min: string | null;
  value_max: string | null;
}

export interface DistributionRow {
  cut: number;
  sketch_index: number;
  count: string;
}

export function countTotals(manager: EntityManager, query: TotalsQuery): Promise<ExtentRow[]> {
  const parameters = new SqlParameters();
  const { from, cut } = totalsOf(parameters, query);
  return manager.query<ExtentRow[]>(
    `SELECT t.kind, ${cut} AS cut, sum(t.event_count) AS count,
       sum(t.value_sum) AS value_sum, min(t.value_min) AS value_min, max(t.value_max) AS value_max
     FROM ${from} GROUP BY 1, 2`,
    parameters.values,
  );
}

/** How the delays are distributed, for a single kind. */
export function readDistributions(manager: EntityManager, query: TotalsQuery): Promise<DistributionRow[]> {
  const parameters = new SqlParameters();
  const { from, cut } = totalsOf(parameters, query, 'unnest(t.sketch_indexes, t.sketch_counts) AS d(sketch_index, n)');
  return manager.query<DistributionRow[]>(
    `SELECT ${cut} AS cut, d.sketch_index, sum(d.n) AS count FROM ${from} GROUP BY 1, 2`,
    parameters.values,
  );
}

function totalsOf(parameters: SqlParameters, query: TotalsQuery, joined?: string): { from: string; cut: string } {
  const { guildId, kinds, window, exceptions, cuts } = query;
  const cut = `width_bucket(t.bucket, ${parameters.bindTimes(cuts)})`;
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
    const quarters = parameters.bindTimes(exceptions.map(({ quarter }) => quarter));
    conditions.push(`NOT EXISTS (
      SELECT FROM unnest(${exceptedKinds}, ${quarters}) AS x(kind, quarter)
      WHERE x.kind = t.kind AND x.quarter = t.bucket)`);
  }
  const tables = joined === undefined ? 'statistic_totals t' : `statistic_totals t, ${joined}`;
  return { cut, from: `${tables} WHERE ${conditions.join(' AND ')}` };
}
