import type pg from 'pg';

/** Reads the sizes of the tables per event. */
export async function readSizes(client: pg.Client, events: number): Promise<Record<string, number>> {
  const bytes = await readBytes(client);
  const counts = await readCounts(client);
  const sum = (...names: string[]) => names.reduce((total, name) => total + (bytes[name] ?? 0), 0);
  const rollups = sum(
    'statistic_totals',
    'statistic_totals_pkey',
    'statistic_groups',
    'statistic_groups_pkey',
    'statistic_rollup_pending',
    'statistic_rollup_pending_pkey',
  );
  const byEvent = Object.entries({
    'bytes per event, table': sum('statistic_events'),
    'bytes per event, primary key': sum('statistic_events_pkey'),
    'bytes per event, user index': sum('statistic_events_by_user'),
    'bytes per event, in all': sum('statistic_events', 'statistic_events_pkey', 'statistic_events_by_user'),
    'totals per event, rows': counts.totals,
    'totals per event, bytes': sum('statistic_totals', 'statistic_totals_pkey'),
    'groups per event, rows': counts.groups,
    'groups per event, entries of days': counts.dayEntries,
    'groups per event, entries of 15-minute buckets': counts.bucketEntries,
    'groups per event, bytes': sum('statistic_groups', 'statistic_groups_pkey'),
    'stale marks per event, after the rollup': counts.marks,
    'bytes per event, rollups and stale marks': rollups,
  }).map(([name, value]) => [name, value / events]);
  return Object.fromEntries(byEvent) as Record<string, number>;
}

/** The bytes of tables (including TOAST) and indexes, with partitions added up. */
async function readBytes(client: pg.Client): Promise<Record<string, number>> {
  const { rows } = await client.query<{ name: string; bytes: string }>(
    `SELECT root.relname AS name, sum(CASE WHEN leaf.relkind = 'r' THEN pg_table_size(leaf.oid)
       ELSE pg_relation_size(leaf.oid) END) AS bytes
     FROM pg_class root, pg_class leaf
     WHERE root.relname LIKE 'statistic\\_%' AND root.relkind IN ('p', 'I', 'r', 'i') AND NOT root.relispartition
       AND leaf.relkind IN ('r', 'i')
       AND leaf.oid IN (SELECT root.oid UNION SELECT relid FROM pg_partition_tree(root.oid))
     GROUP BY 1`,
  );
  return Object.fromEntries(rows.map(({ name, bytes }) => [name, Number(bytes)]));
}

type Counts = Record<'totals' | 'groups' | 'dayEntries' | 'bucketEntries' | 'marks', number>;

async function readCounts(client: pg.Client): Promise<Counts> {
  const { rows } = await client.query<Record<keyof Counts, string>>(
    `SELECT (SELECT count(*) FROM statistic_totals) AS totals, count(*) AS groups,
       coalesce(sum(cardinality(counts)) FILTER (WHERE span = 1440), 0) AS "dayEntries",
       coalesce(sum(cardinality(counts)) FILTER (WHERE span = 15), 0) AS "bucketEntries",
       (SELECT count(*) FROM statistic_rollup_pending) AS marks
     FROM statistic_groups`,
  );
  return Object.fromEntries(Object.entries(rows[0]!).map(([name, count]) => [name, Number(count)])) as Counts;
}
