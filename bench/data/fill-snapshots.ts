import type pg from 'pg';
import { SNAPSHOT_COUNT_FIELDS } from '#libs/contracts';

export interface MadeUpSnapshots {
  guildIds: readonly string[];
  /** The end of the period, in Unix milliseconds. It starts `days` before. */
  to: number;
  days: number;
}

const DAY_MS = 86_400_000;

/**
 * Writes a snapshot with all counts for each quarter of an hour, in the order in which they would have arrived, with
 * guilds mixed, so that the rows of a guild are as scattered as in production. All guilds have the same counts.
 *
 * @returns the number of snapshots of each guild
 */
export async function fillSnapshots(client: pg.Client, { guildIds, to, days }: MadeUpSnapshots): Promise<number> {
  const from = to - days * DAY_MS;
  await client.query(`SET work_mem = '128MB'; SET synchronous_commit = off`);
  const { rowCount } = await client.query(MAKE_SNAPSHOTS, [new Date(from), new Date(to), SNAPSHOT_COUNT_FIELDS]);
  await client.query(PACK_DAYS);
  for (let day = Math.floor(from / DAY_MS) * DAY_MS; day < to; day += DAY_MS) {
    await client.query(COPY_SNAPSHOTS, [guildIds, new Date(day), new Date(day + DAY_MS)]);
    await client.query(COPY_DAYS, [guildIds, new Date(day)]);
  }
  await client.query('RESET work_mem; RESET synchronous_commit; DROP TABLE made_up_snapshots, made_up_days');
  await client.query('VACUUM ANALYZE guild_snapshots, guild_snapshot_days');
  return rowCount!;
}

const MAKE_SNAPSHOTS = `
  CREATE TEMPORARY TABLE made_up_snapshots AS
  SELECT bucket, bucket + interval '1 second' * floor(random() * 840) AS occurred_at,
    (SELECT jsonb_object_agg(field, (5000 * random())::integer + 0 * extract(minute FROM bucket)::integer)
     FROM unnest($3::text[]) AS field) AS counts
  FROM generate_series(date_bin('15 minutes', $1::timestamptz + interval '15 minutes', 'epoch'), $2::timestamptz - interval '15 minutes',
    interval '15 minutes') AS bucket`;

const PACK_DAYS = `
  CREATE TEMPORARY TABLE made_up_days AS
  WITH kept AS MATERIALIZED (
    SELECT bucket, key AS field, value::integer AS count FROM made_up_snapshots, jsonb_each_text(counts))
  SELECT d.field, d.day, string_agg(substring(int4send(coalesce(k.count + 1, 0)) FROM 3), '' ORDER BY quarter) AS low
  FROM (SELECT DISTINCT field, date_trunc('day', bucket, 'UTC') AS day FROM kept) d
  CROSS JOIN generate_series(0, 95) AS quarter
  LEFT JOIN kept k ON k.field = d.field AND k.bucket = d.day + quarter * interval '15 minutes'
  GROUP BY 1, 2`;

const COPY_SNAPSHOTS = `
  INSERT INTO guild_snapshots (guild_id, bucket, occurred_at, counts)
  SELECT guild_id, bucket, occurred_at, counts FROM made_up_snapshots, unnest($1::bigint[]) AS guild_id
  WHERE bucket >= $2 AND bucket < $3 ORDER BY bucket`;

const COPY_DAYS = `
  INSERT INTO guild_snapshot_days (guild_id, field, day, low)
  SELECT guild_id, field, day, low FROM made_up_days, unnest($1::bigint[]) AS guild_id
  WHERE day = $2 ORDER BY guild_id, field`;
