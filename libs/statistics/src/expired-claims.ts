import type { DataSource } from 'typeorm';

/** Limits a transaction. */
const SLICE_MS = 3_600_000;

/**
 * Deletes the claims of events that were dropped: those from before the event horizon, an hour of them in each
 * transaction. An event with such an id is older than the horizon too, or a publisher has repeated it after that long.
 */
export async function dropExpiredClaims(dataSource: DataSource): Promise<void> {
  for (;;) {
    const [row] = await dataSource.query<{ oldest: Date | null; horizon: Date }[]>(
      `SELECT (SELECT min(occurred_at) FROM statistic_claims) AS oldest, events_since AS horizon FROM event_horizon`,
    );
    const { oldest, horizon } = row!;
    if (oldest === null || oldest >= horizon) return;
    const to = new Date(Math.min(oldest.getTime() + SLICE_MS, horizon.getTime()));
    await dataSource.query('DELETE FROM statistic_claims WHERE occurred_at < $1', [to]);
  }
}
