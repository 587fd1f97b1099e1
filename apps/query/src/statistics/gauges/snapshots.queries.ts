import type { EntityManager } from 'typeorm';
import { BUCKET_MS } from '#libs/statistics';

export interface Snapshot {
  /** The start of its 15-minute bucket, in Unix milliseconds. */
  bucket: number;
  /** Unix milliseconds. */
  occurredAt: number;
  /** By field of `guild.snapshot`. */
  counts: Readonly<Record<string, number>>;
}

/** Reads the snapshots of 15-minute buckets. @param buckets their starts in Unix milliseconds */
export async function readSnapshots(
  manager: EntityManager,
  guildId: string,
  buckets: readonly number[],
): Promise<Snapshot[]> {
  if (buckets.length === 0) return [];
  const rows = await manager.query<{ occurred_at: Date; counts: Record<string, number> }[]>(
    `SELECT occurred_at, counts FROM guild_snapshots
     WHERE guild_id = $1 AND bucket = ANY ($2::timestamptz[]) AND counts IS NOT NULL`,
    [guildId, buckets.map((bucket) => new Date(bucket))],
  );
  return rows.map(({ occurred_at: at, counts }) => {
    const occurredAt = at.getTime();
    return { bucket: Math.floor(occurredAt / BUCKET_MS) * BUCKET_MS, occurredAt, counts };
  });
}
