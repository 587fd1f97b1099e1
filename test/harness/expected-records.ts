import { CATALOGUE, StatisticsContract, type StatisticKind } from '#libs/contracts';
import type { JsonValue } from '#libs/json';
import type { ApiClient } from './api-client.js';
import type { MadeUpEvent } from './made-up-events.js';

const CONTRACT = new StatisticsContract();

export interface ViewRecord {
  id: string;
  timestamp: string;
  [field: string]: unknown;
}

/** The expected records in the views after these events are stored, by kind and sorted by id. */
export function expectedRecords(events: readonly MadeUpEvent[]): Record<string, ViewRecord[]> {
  const records: Record<string, ViewRecord[]> = {};
  for (const event of events) (records[event.kind] ??= []).push({ ...event.record, ...timeOf(event) } as ViewRecord);
  return Object.fromEntries(Object.entries(records).map(([kind, of]) => [kind, of.toSorted(byId)]));
}

/** Reads all records of a guild from the views, by kind and sorted by id. Kinds without records are left out. */
export async function readRecords(api: ApiClient, guildId: string): Promise<Record<string, ViewRecord[]>> {
  const records: Record<string, ViewRecord[]> = {};
  for (const [name, { viewPath }] of Object.entries(CATALOGUE) as [string, StatisticKind][]) {
    const walked = await api.walk<ViewRecord>(viewPath, { guild_id: guildId, limit: 400 });
    if (walked.length > 0) records[name] = walked.toSorted(byId);
  }
  return records;
}

/** The expected id and time of an event. */
export function timeOf(event: MadeUpEvent): Record<string, unknown> {
  const kind = CONTRACT.kind(event.kind)!;
  const read = kind.read(event.body as JsonValue);
  if (!read.ok) throw new Error(`${event.kind} is invalid: ${JSON.stringify(read.fields)}`);
  const { eventId, occurredAt } = kind.identify(read.value, { arrivedAt: 0 });
  return { id: eventId, timestamp: new Date(occurredAt).toISOString() };
}

function byId(a: ViewRecord, b: ViewRecord): number {
  return a.id < b.id ? -1 : Number(a.id > b.id);
}
