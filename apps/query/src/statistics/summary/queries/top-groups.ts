import type { EntityManager } from 'typeorm';
import { DIMENSIONS, type Dimension } from '#libs/contracts';
import { SPANS } from '#libs/database';
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
  const { guildId, kind, dimension, days, quarters, stretches, filter, top } = query;
  const { number, column } = DIMENSIONS[dimension];
  const isText = dimension === 'label';
  const parameters = new SqlParameters();
  const sources: string[] = [];
  if (days.length + quarters.length > 0) {
    sources.push(`
      SELECT u.key, u.n FROM statistic_groups g, unnest(g.${isText ? 'labels' : 'ids'}, g.counts) AS u(key, n)
      WHERE g.guild_id = ${parameters.bind(guildId, 'bigint')} AND g.kind = ${parameters.bind(kind, 'smallint')}
        AND g.dimension = ${number}
        AND (g.span = ${SPANS.day} AND g.bucket = ANY (${parameters.bindTimes(days)})
          OR g.span = ${SPANS.quarter} AND g.bucket = ANY (${parameters.bindTimes(quarters)}))`);
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

/** Which of these quarters have groups of their own. */
export async function findBusyQuarters(
  manager: EntityManager,
  query: { guildId: string; kind: number; dimension: Dimension; quarters: ReadonlySet<number> },
): Promise<number[]> {
  const { guildId, kind, dimension, quarters } = query;
  if (quarters.size === 0) return [];
  const starts = [...quarters];
  const rows = await manager.query<{ bucket: Date }[]>(
    `SELECT DISTINCT bucket FROM statistic_groups
     WHERE guild_id = $1 AND kind = $2 AND dimension = $3 AND span = ${SPANS.quarter} AND bucket >= $4 AND bucket <= $5
     ORDER BY bucket`,
    [guildId, kind, DIMENSIONS[dimension].number, new Date(Math.min(...starts)), new Date(Math.max(...starts))],
  );
  return rows.map(({ bucket }) => bucket.getTime()).filter((quarter) => quarters.has(quarter));
}
