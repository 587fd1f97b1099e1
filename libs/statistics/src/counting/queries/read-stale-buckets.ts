import type { EntityManager } from 'typeorm';
import { DAY_MS, SPANS } from '../../rollups/buckets.js';
import type { TimeWindow } from '../time-window.js';

/** The buckets of one kind whose rollups are out of date, by their start in Unix milliseconds. */
export interface StaleBuckets {
  /** 15-minute buckets. */
  buckets: Set<number>;
  days: Set<number>;
}

/** Reads the stale buckets of all days that overlap a window. @returns them by the number of the kind */
export async function readStaleBuckets(
  manager: EntityManager,
  guildId: string,
  kinds: readonly number[],
  window: TimeWindow,
): Promise<ReadonlyMap<number, StaleBuckets>> {
  const rows = await manager.query<{ kind: number; span: number; bucket: Date }[]>(
    `SELECT kind, span, bucket FROM statistic_rollup_pending
     WHERE guild_id = $1 AND kind = ANY ($2::smallint[]) AND bucket >= $3 AND bucket < $4`,
    [guildId, kinds, new Date(Math.floor(window.from / DAY_MS) * DAY_MS), new Date(window.to)],
  );
  const stale = new Map(kinds.map((kind) => [kind, { buckets: new Set<number>(), days: new Set<number>() }]));
  for (const { kind, span, bucket } of rows) {
    const { buckets, days } = stale.get(kind)!;
    (span === SPANS.bucket ? buckets : days).add(bucket.getTime());
  }
  return stale;
}
