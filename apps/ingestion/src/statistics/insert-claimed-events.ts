import type { StatisticEvent } from '#libs/contracts';
import type { Queries } from '#libs/database';
import { plainArray } from './array-literal.js';
import { completeEvents } from './complete-events.js';
import { eventArrays, FIND_WANTED, INSERT_EVENTS, type KindArrays } from './event-statements.js';
import { NOTHING_WRITTEN, type WriteOutcome } from './write-outcome.js';

/**
 * Inserts events of claimed kinds, of which only the first with an id is stored, whatever time the others have. Call it
 * under the shared locks of the guilds' stripes, after the other events of the batch are written.
 *
 * All instances claim in the same order, and before they write these events, so that they cannot deadlock. If another
 * instance has claimed an id and has not committed, the claim waits: it fails if the other one commits, and succeeds if
 * the other one rolls back.
 */
export async function insertClaimedEvents(
  manager: Queries,
  events: readonly StatisticEvent[],
  kinds: KindArrays,
): Promise<WriteOutcome> {
  if (events.length === 0) return NOTHING_WRITTEN;
  const completed = await completeEvents(manager, events);
  const positions = await manager.query<{ position: number }[]>(FIND_WANTED, [...eventArrays(completed), ...kinds]);
  const wanted = positions.map(({ position }) => completed[position - 1]!);
  const owned = await claim(manager, withoutRepeats(wanted));
  let stored = 0;
  if (owned.length > 0) {
    const [row] = await manager.query<{ count: string }[]>(INSERT_EVENTS, [...eventArrays(owned), ...kinds]);
    stored = Number(row!.count);
  }
  return { stored, duplicate: wanted.length - stored, unwanted: events.length - wanted.length };
}

/** An event with the ids that it claims. */
interface Claimant {
  event: StatisticEvent;
  ids: readonly string[];
}

/** The first event with each id. */
function withoutRepeats(events: readonly StatisticEvent[]): Claimant[] {
  const taken = new Set<string>();
  return events.flatMap((event) => {
    const ids = event.kind.claimsOf(event);
    const keys = ids.map((id) => keyOf(event, id));
    if (keys.some((key) => taken.has(key))) return [];
    for (const key of keys) taken.add(key);
    return [{ event, ids }];
  });
}

/** One row for each id. The guild comes from the settings, so that a sharded database inserts within one shard. */
const CLAIM = `
  INSERT INTO statistic_claims (guild_id, kind, event_id, occurred_at, also_claimed)
  SELECT s.guild_id, c.kind, c.event_id, timestamptz 'epoch' + c.occurred_ms * interval '1 millisecond', c.also_claimed
  FROM unnest($1::bigint[], $2::smallint[], $3::uuid[], $4::bigint[], $5::uuid[])
    AS c(guild_id, kind, event_id, occurred_ms, also_claimed)
  JOIN guild_settings s ON s.guild_id = c.guild_id
  ORDER BY s.guild_id, c.kind, c.event_id
  ON CONFLICT DO NOTHING
  RETURNING guild_id, kind, event_id`;

const RELEASE = `
  DELETE FROM statistic_claims c USING unnest($1::bigint[], $2::smallint[], $3::uuid[]) AS r(guild_id, kind, event_id)
  WHERE c.guild_id = r.guild_id AND c.kind = r.kind AND c.event_id = r.event_id AND c.guild_id = ANY ($1::bigint[])`;

/** @returns the events whose ids nobody has claimed before */
async function claim(manager: Queries, claimants: readonly Claimant[]): Promise<StatisticEvent[]> {
  const rows = claimants.flatMap(({ event, ids }) =>
    ids.map((id) => ({ event, id, other: ids.find((each) => each !== id) ?? null })),
  );
  if (rows.length === 0) return [];
  const claimed = await manager.query<{ guild_id: string; kind: number; event_id: string }[]>(CLAIM, [
    plainArray(rows.map(({ event }) => event.guildId)),
    plainArray(rows.map(({ event }) => event.kind.number)),
    plainArray(rows.map(({ id }) => id)),
    plainArray(rows.map(({ event }) => event.occurredAt)),
    plainArray(rows.map(({ other }) => other)),
  ]);
  if (claimed.length === rows.length) return claimants.map(({ event }) => event);
  const won = new Set(claimed.map((row) => `${row.guild_id} ${row.kind} ${row.event_id}`));
  const hasWon = ({ event, ids }: Claimant) => ids.every((id) => won.has(keyOf(event, id)));
  const lost = claimants.filter((claimant) => !hasWon(claimant));
  await release(
    manager,
    lost.flatMap(({ event, ids }) => ids.filter((id) => won.has(keyOf(event, id))).map((id) => ({ event, id }))),
  );
  return claimants.filter(hasWon).map(({ event }) => event);
}

/** An event that lost one of its ids is a duplicate, and has no claim to the other. */
async function release(manager: Queries, claims: readonly { event: StatisticEvent; id: string }[]): Promise<void> {
  if (claims.length === 0) return;
  await manager.query(RELEASE, [
    plainArray(claims.map(({ event }) => event.guildId)),
    plainArray(claims.map(({ event }) => event.kind.number)),
    plainArray(claims.map(({ id }) => id)),
  ]);
}

function keyOf({ guildId, kind }: StatisticEvent, id: string): string {
  return `${guildId} ${kind.number} ${id}`;
}
