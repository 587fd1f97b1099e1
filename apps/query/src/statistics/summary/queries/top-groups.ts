import type { EntityManager } from 'typeorm';
import { DIMENSIONS, type Dimension } from '#libs/contracts';
import { SPANS } from '#libs/statistics';
import { eventsInStretches, type EventFilter, type EventStretch } from './events-in-stretches.js';
import { SqlParameters } from './sql-parameters.js';

export interface TopGroupsQuery {
  guildId: string;
  /** Number of the kind. */
  kind: number;
  dimension: Dimension;
  /** UTC days whose groups are read; Unix milliseconds. */
  days: readonly number[];
  /** Quarters whose groups are read. */
  quarters: readonly number[];
  /** What is read from the events. */
  stretches: readonly EventStretch[];
  /** Only with events. */
  filter: EventFilter;
  top: number;
}

export interface GroupRow {
  key: string | null;
  count: string;
}

/** The largest groups; ties by key, ids in the order of numbers and texts in that of code points, none last. */
export async function readTopGroups(manager: EntityManager, query: TopGroupsQuery): Promise<GroupRow[]> {
  const { guildId, dimension, days, quarters, stretches, filter, top } = query;
  const { column } = DIMENSIONS[dimension];
  const isText = dimension === 'label';
  const parameters = new SqlParameters();
  const sources: string[] = [];
  if (days.length + quarters.length > 0) {
    const keys = isText ? 'labels' : 'ids';
    const rows = rollupRows(parameters, query, `${keys} AS keys, counts`);
    sources.push(`
      SELECT key, sum(n) FROM (SELECT unnest(keys) AS key, unnest(counts) AS n FROM (${rows}) AS g) AS entries
      GROUP BY key`);
  }
  if (stretches.length > 0) {
    const events = eventsInStretches(parameters, guildId, stretches, filter, column);
    sources.push(`SELECT e.${column}, count(*) FROM ${events} GROUP BY 1`);
  }
  if (sources.length === 0) return [];
  return manager.query<GroupRow[]>(
    `SELECT key, sum(n) AS count FROM (${sources.join(' UNION ALL ')}) AS counted(key, n)
     GROUP BY key
     ORDER BY count DESC, key ${isText ? 'COLLATE "C"' : ''} ASC NULLS LAST
     LIMIT ${parameters.bind(top, 'integer')}`,
    parameters.values,
  );
}

/**
 * The groups of those days and of those quarters, each in a statement of its own, for which the planner leaves out all
 * other partitions. Their entries are many: unnested in the list of columns they take a third of the time that they
 * take as a table, and summed as integers half of what the `numeric` sum of the counts of events takes.
 */
function rollupRows(parameters: SqlParameters, query: TopGroupsQuery, columns: string): string {
  const { guildId, kind, dimension, days, quarters } = query;
  const key = `guild_id = ${parameters.bind(guildId, 'bigint')} AND kind = ${parameters.bind(kind, 'smallint')}
    AND dimension = ${DIMENSIONS[dimension].number}`;
  const spans = [
    { span: SPANS.day, buckets: days },
    { span: SPANS.quarter, buckets: quarters },
  ];
  return spans
    .filter(({ buckets }) => buckets.length > 0)
    .map(
      ({ span, buckets }) =>
        `SELECT ${columns} FROM statistic_groups
         WHERE ${key} AND span = ${span} AND bucket = ANY (${parameters.bindTimes(buckets)})`,
    )
    .join(' UNION ALL ');
}

/** Which of these quarters have groups of their own. */
export async function findBusyQuarters(
  manager: EntityManager,
  query: { guildId: string; kind: number; dimension: Dimension; quarters: ReadonlySet<number> },
): Promise<number[]> {
  const { guildId, kind, dimension, quarters } = query;
  if (quarters.size === 0) return [];
  const parameters = new SqlParameters();
  const rows = await manager.query<{ bucket: Date }[]>(
    `SELECT DISTINCT bucket FROM statistic_groups
     WHERE guild_id = ${parameters.bind(guildId, 'bigint')} AND kind = ${parameters.bind(kind, 'smallint')}
       AND dimension = ${DIMENSIONS[dimension].number} AND span = ${SPANS.quarter}
       AND bucket = ANY (${parameters.bindTimes([...quarters])})
     ORDER BY bucket`,
    parameters.values,
  );
  return rows.map(({ bucket }) => bucket.getTime());
}
