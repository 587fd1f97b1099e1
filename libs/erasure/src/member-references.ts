import type { EntityManager } from 'typeorm';
import { namesMember } from './erased-tables.js';

/** The number of rows that name a member: events, by the number of their kind, and starboard entries. */
export interface MemberReferences {
  eventsByKind: Map<number, number>;
  starboardEntries: number;
}

export function noReferences(): MemberReferences {
  return { eventsByKind: new Map(), starboardEntries: 0 };
}

/** The sum of both. */
export function addReferences(a: MemberReferences, b: MemberReferences): MemberReferences {
  const eventsByKind = new Map(a.eventsByKind);
  for (const [kind, count] of b.eventsByKind) eventsByKind.set(kind, (eventsByKind.get(kind) ?? 0) + count);
  return { eventsByKind, starboardEntries: a.starboardEntries + b.starboardEntries };
}

/** Counts the rows that name the member, in one snapshot. */
export async function countMemberReferences(
  manager: EntityManager,
  guildId: string,
  userId: string,
): Promise<MemberReferences> {
  const rows = await manager.query<{ kind: number | null; count: string }[]>(
    `SELECT kind, count(*) FROM statistic_events
     WHERE guild_id = $1 AND ${namesMember('statistic_events', '$2', 'isCounted')} GROUP BY kind
     UNION ALL
     SELECT NULL, count(*) FROM starboard_entries
     WHERE guild_id = $1 AND ${namesMember('starboard_entries', '$2', 'isCounted')}`,
    [guildId, userId],
  );
  return {
    eventsByKind: new Map(rows.filter((row) => row.kind !== null).map((row) => [row.kind!, Number(row.count)])),
    starboardEntries: Number(rows.find((row) => row.kind === null)?.count ?? 0),
  };
}
