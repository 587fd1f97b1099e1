import type { EntityManager } from 'typeorm';

/**
 * The moment from which on no event has been dropped. What is older may be told by totals, but not by records, also
 * after the retention was raised again and partitions for it were made; so nothing is stored, read or computed from before it.
 */
export async function readEventHorizon(manager: EntityManager): Promise<Date> {
  const [row] = await manager.query<{ events_since: Date }[]>('SELECT events_since FROM event_horizon');
  return row!.events_since;
}

/** Call it in the transaction that drops the events from before. */
export async function raiseEventHorizon(manager: EntityManager, eventsSince: Date): Promise<void> {
  await manager.query('UPDATE event_horizon SET events_since = greatest(events_since, $1)', [eventsSince]);
}
