import { StatisticsContract } from '#libs/contracts';
import { createDataSource } from '#libs/database';
import { RollupWorker } from '#libs/statistics';
import type { BenchDatabase } from '../harness/databases.js';

/**
 * Marks the buckets of all events as stale, because the bench wrote them directly, and runs the rollup worker and
 * VACUUM.
 *
 * @param now Unix milliseconds; older buckets are rolled up
 * @returns the time of the rollup worker in seconds
 */
export async function rollUp({ client, url }: BenchDatabase, now: number): Promise<number> {
  await client.query('VACUUM ANALYZE statistic_events');
  await client.query(
    `INSERT INTO statistic_rollup_pending (guild_id, kind, bucket)
     SELECT DISTINCT guild_id, kind, date_bin('15 minutes', occurred_at, 'epoch') FROM statistic_events`,
  );
  await client.query('ANALYZE statistic_rollup_pending');
  const dataSource = await createDataSource({ url, poolSize: 2, applicationName: 'serverstats-bench' }).initialize();
  const worker = new RollupWorker(dataSource, new StatisticsContract());
  const started = performance.now();
  for (let isDone = false; !isDone;) {
    const { buckets, days } = await worker.run(now);
    isDone = buckets + days === 0;
  }
  const seconds = (performance.now() - started) / 1000;
  await dataSource.destroy();
  await client.query('VACUUM ANALYZE');
  return seconds;
}
