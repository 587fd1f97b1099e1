import type { EntityManager } from 'typeorm';
import { readEventHorizon } from '#libs/database';
import { DAY_MS } from '../rollups/buckets.js';
import { countKinds } from './count-kinds.js';
import { inStatisticsSnapshot } from './statistics-snapshot.js';

export interface RecentEventsQuery {
  guildId: string;
  /** The numbers of kinds. */
  kinds: readonly number[];
  /** Counts the events of the last `days` × 24 hours before this time. Unix milliseconds. */
  now: number;
  days: number;
  /** How long events are kept, in days. */
  retentionDays: number;
}

/**
 * Counts recent events. A count equals the total of a summary with the same `days` at that moment.
 *
 * @returns the counts by the number of the kind
 */
export async function countRecentEvents(
  manager: EntityManager,
  { guildId, kinds, now, days, retentionDays }: RecentEventsQuery,
): Promise<ReadonlyMap<number, number>> {
  const horizon = (await readEventHorizon(manager)).getTime();
  const from = Math.max(now - Math.min(days, retentionDays) * DAY_MS, horizon);
  const query = { guildId, window: { from: Math.min(from, now), to: now }, boundaries: [] };
  const counts = await inStatisticsSnapshot(manager, (snapshot) => countKinds(snapshot, kinds, query));
  return new Map([...counts].map(([kind, [count]]) => [kind, count!]));
}
