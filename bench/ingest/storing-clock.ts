import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { BenchDatabase } from '../harness/databases.js';
import type { ServiceProcess } from '../harness/service-process.js';
import type { MadeUpEvent } from '../data/made-up-events.js';

const POLL_MS = 10;
/** The measurement starts when this part is stored, to exclude the warm-up and messages that were read before. */
const HEAD_START = 0.2;

/**
 * Measures how many queued events per second the services store. The table is locked until all of them consume, so that
 * the start of the processes is not measured.
 *
 * @throws Error if the number of stored events is not that of the published ones
 */
export async function timeStoring(
  database: BenchDatabase,
  events: readonly MadeUpEvent[],
  startServices: () => Promise<ServiceProcess[]>,
): Promise<number> {
  const { client } = database;
  await client.query('BEGIN; LOCK TABLE statistic_events IN SHARE ROW EXCLUSIVE MODE');
  const services = await startServices();
  await client.query('COMMIT');
  await untilStored(client, events[Math.floor(events.length * HEAD_START)]!);
  const started = performance.now();
  const before = await countEvents(client);
  await untilStored(client, events.at(-1)!);
  while ((await countEvents(client)) < events.length) await sleep(POLL_MS);
  const seconds = (performance.now() - started) / 1000;
  for (const service of services) await service.stop();
  const stored = await countEvents(client);
  if (stored !== events.length) throw new Error(`${stored} of ${events.length} events were stored`);
  await client.query('TRUNCATE statistic_events, statistic_rollup_pending');
  return (events.length - before) / seconds;
}

/** Polls by primary key, which is cheap for the database. */
async function untilStored(client: pg.Client, { row }: MadeUpEvent): Promise<void> {
  for (;;) {
    const { rowCount } = await client.query(
      'SELECT FROM statistic_events WHERE guild_id = $1 AND kind = $2 AND occurred_at = $3 AND event_id = $4',
      [row.guildId, row.kind, row.occurredAt, row.eventId],
    );
    if (rowCount === 1) return;
    await sleep(POLL_MS);
  }
}

async function countEvents(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM statistic_events');
  return Number(rows[0]!.count);
}
