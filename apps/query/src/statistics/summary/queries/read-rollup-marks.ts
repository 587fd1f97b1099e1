import type { EntityManager } from 'typeorm';
import { DAY_MS, SPANS } from '#libs/statistics';
import type { TimeWindow } from '../../window/window.js';

/** The buckets of one kind whose rollups are not as the events are; starts in Unix milliseconds. */
export interface RollupMarks {
  quarters: Set<number>;
  days: Set<number>;
}

/** The marks of the days that a window touches, by the number of the kind. */
export async function readRollupMarks(
  manager: EntityManager,
  guildId: string,
  kinds: readonly number[],
  window: TimeWindow,
): Promise<ReadonlyMap<number, RollupMarks>> {
  const rows = await manager.query<{ kind: number; span: number; bucket: Date }[]>(
    `SELECT kind, span, bucket FROM statistic_rollup_pending
     WHERE guild_id = $1 AND kind = ANY ($2::smallint[]) AND bucket >= $3 AND bucket < $4`,
    [guildId, kinds, new Date(Math.floor(window.from / DAY_MS) * DAY_MS), new Date(window.to)],
  );
  const marks = new Map(kinds.map((kind) => [kind, { quarters: new Set<number>(), days: new Set<number>() }]));
  for (const { kind, span, bucket } of rows) {
    const { quarters, days } = marks.get(kind)!;
    (span === SPANS.quarter ? quarters : days).add(bucket.getTime());
  }
  return marks;
}
