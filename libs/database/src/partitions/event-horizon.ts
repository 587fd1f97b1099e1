import type { EntityManager } from 'typeorm';

/**
 * The event horizon: all events from before this time have been dropped, and none after it. Totals may reach further
 * back. No event from before the horizon is stored, read or rolled up, even if the retention is raised later.
 */
export async function readEventHorizon(manager: EntityManager): Promise<Date> {
  const [row] = await manager.query<{ events_since: Date }[]>('SELECT events_since FROM event_horizon');
  return row!.events_since;
}

/** Call this in the transaction that drops the events from before `eventsSince`. */
export async function raiseEventHorizon(manager: EntityManager, eventsSince: Date): Promise<void> {
  await manager.query('UPDATE event_horizon SET events_since = greatest(events_since, $1)', [eventsSince]);
}
