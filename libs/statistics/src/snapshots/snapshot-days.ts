import type { EntityManager } from 'typeorm';
import { SNAPSHOT_COUNT_FIELDS } from '#libs/contracts';
import { BUCKET_MS, DAY_MS } from '../rollups/buckets.js';
import type { TimeWindow } from '../counting/time-window.js';

/**
 * The table `guild_snapshot_days` holds the counts of `guild_snapshots` again, packed: a row has one field on one UTC
 * day. Reading months of a gauge from it reads a hundredth of the rows.
 *
 * For each 15-minute bucket of the day, a row has the count plus 1, or 0 if the bucket has no snapshot or the snapshot
 * does not have the count. `low` has the lower 16 bits of all buckets, big-endian; `high` the upper 16 bits, or null if
 * all are 0. So the rows of most guilds have half the size.
 */
export const BUCKETS_PER_DAY = DAY_MS / BUCKET_MS;

const BYTES = 2;
const BYTES_PER_DAY = BUCKETS_PER_DAY * BYTES;
const ALL_ZERO = `decode(repeat('00', ${BYTES_PER_DAY}), 'hex')`;

/**
 * Stores the counts of the snapshot that was just written to `guild_snapshots`, in the same transaction.
 *
 * @param counts the counts that the snapshot has, by field
 */
export async function storeInDays(
  manager: EntityManager,
  guildId: string,
  occurredAt: Date,
  counts: Readonly<Record<string, number>>,
): Promise<void> {
  const time = occurredAt.getTime();
  const day = startOfDay(time);
  const position = 1 + Math.floor((time - day) / BUCKET_MS) * BYTES;
  // A missing count only replaces that of an earlier snapshot. All rows are written in one order, so that two snapshots
  // of the same day cannot deadlock.
  await manager.query(
    `WITH c AS MATERIALIZED (
       SELECT field, present, substring(int8send(packed) FROM 7) AS low, substring(int8send(packed) FROM 5 FOR 2) AS high
       FROM unnest($3::text[], $4::bigint[], $5::boolean[]) AS c (field, packed, present))
     INSERT INTO guild_snapshot_days AS kept (guild_id, field, day, low, high)
     SELECT s.guild_id, c.field, $2::timestamptz, overlay(${ALL_ZERO} PLACING c.low FROM $6::integer),
       CASE WHEN c.high <> '\\x0000' THEN overlay(${ALL_ZERO} PLACING c.high FROM $6::integer) END
     FROM guild_settings s CROSS JOIN c
     WHERE s.guild_id = $1 AND (c.present OR EXISTS (
       SELECT FROM guild_snapshot_days d WHERE d.guild_id = s.guild_id AND d.field = c.field AND d.day = $2::timestamptz))
     ORDER BY c.field
     ON CONFLICT (guild_id, field, day) DO UPDATE SET
       low = overlay(kept.low PLACING substring(excluded.low FROM $6::integer FOR ${BYTES}) FROM $6::integer),
       high = CASE WHEN kept.high IS NULL THEN excluded.high
         ELSE overlay(kept.high PLACING substring(coalesce(excluded.high, ${ALL_ZERO}) FROM $6::integer FOR ${BYTES})
           FROM $6::integer) END`,
    [
      guildId,
      new Date(day),
      SNAPSHOT_COUNT_FIELDS,
      SNAPSHOT_COUNT_FIELDS.map((field) => (counts[field] ?? -1) + 1),
      SNAPSHOT_COUNT_FIELDS.map((field) => counts[field] !== undefined),
      position,
    ],
  );
}

/** The stored days of one field, in no order. */
export interface FieldDays {
  field: string;
  /** The starts of the days, in Unix milliseconds. */
  days: readonly number[];
  /** The counts of all 15-minute buckets of the first day, then of the second, and so on. Negative without a count. */
  counts: Int32Array;
}

interface DaysRow {
  field: string;
  /** Base64 of the days since 1970, 4 bytes each. */
  days: string;
  /** Base64. */
  low: string;
  /** Base64 of a byte for each day: 1 if the day has `high`. */
  has_high: string;
  /** Base64; null if no day has it. */
  high: string | null;
}

/** Reads all days that overlap the window. A field without a day is missing. */
export async function readDays(
  manager: EntityManager,
  guildId: string,
  fields: readonly string[],
  { from, to }: TimeWindow,
): Promise<FieldDays[]> {
  // One row per field, because thousands of small values take longer to transfer.
  const rows = await manager.query<DaysRow[]>(
    `SELECT field, encode(string_agg(int4send((date_part('epoch', day) / 86400)::integer), ''), 'base64') AS days,
       encode(string_agg(low, ''), 'base64') AS low, encode(string_agg(high, ''), 'base64') AS high,
       encode(string_agg(CASE WHEN high IS NULL THEN '\\x00'::bytea ELSE '\\x01' END, ''), 'base64') AS has_high
     FROM guild_snapshot_days
     WHERE guild_id = $1 AND field = ANY ($2) AND day >= $3 AND day < $4
     GROUP BY field`,
    [guildId, fields, new Date(startOfDay(from)), new Date(to)],
  );
  return rows.map(unpackDays);
}

/** The newest 15-minute bucket that has a count, by field, in Unix milliseconds. @param since Unix milliseconds */
export async function findNewestBuckets(
  manager: EntityManager,
  guildId: string,
  fields: readonly string[],
  since: number,
): Promise<Map<string, number>> {
  const rows = await manager.query<{ field: string; day: Date; low: Buffer; high: Buffer | null }[]>(
    `SELECT f.field, d.day, d.low, d.high
     FROM unnest($2::text[]) AS f (field) CROSS JOIN LATERAL (
       SELECT day, low, high FROM guild_snapshot_days
       WHERE guild_id = $1 AND field = f.field AND day >= $3 AND (low <> ${ALL_ZERO} OR high <> ${ALL_ZERO})
       ORDER BY day DESC LIMIT 1) d`,
    [guildId, fields, new Date(startOfDay(since))],
  );
  return new Map(
    rows.map(({ field, day, low, high }) => {
      const counts = new Int32Array(BUCKETS_PER_DAY);
      unpackDay(counts, 0, low, high ?? undefined);
      return [field, day.getTime() + counts.findLastIndex((count) => count >= 0) * BUCKET_MS];
    }),
  );
}

function unpackDays({ field, ...row }: DaysRow): FieldDays {
  const [numbers, low, hasHigh, high] = [row.days, row.low, row.has_high, row.high ?? ''].map((text) =>
    Buffer.from(text, 'base64'),
  ) as [Buffer, Buffer, Buffer, Buffer];
  const days = Array.from(hasHigh, (_, index) => numbers.readInt32BE(4 * index) * DAY_MS);
  const counts = new Int32Array(days.length * BUCKETS_PER_DAY);
  let highs = 0;
  for (const [day, has] of hasHigh.entries()) {
    const partOf = (all: Buffer, index: number) => all.subarray(index * BYTES_PER_DAY, (index + 1) * BYTES_PER_DAY);
    unpackDay(counts, day * BUCKETS_PER_DAY, partOf(low, day), has === 1 ? partOf(high, highs++) : undefined);
  }
  return { field, days, counts };
}

/** Writes the counts of a day into `counts`. */
function unpackDay(counts: Int32Array, at: number, low: Buffer, high: Buffer | undefined): void {
  for (let bucket = 0, byte = 0; bucket < BUCKETS_PER_DAY; bucket++, byte += BYTES) {
    let packed = low[byte]! * 256 + low[byte + 1]!;
    if (high !== undefined) packed += (high[byte]! * 256 + high[byte + 1]!) * 65_536;
    counts[at + bucket] = packed - 1;
  }
}

function startOfDay(time: number): number {
  return Math.floor(time / DAY_MS) * DAY_MS;
}
