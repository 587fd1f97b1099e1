import { randomUUID } from 'node:crypto';
import {
  CATALOGUE,
  DISCORD_EPOCH_MS,
  fieldsOf,
  givenIdentity,
  hasUser,
  type FieldColumn,
  type StatisticKind,
} from '#libs/contracts';

/** An event that a bot publishes, and the expected record in the view. */
export interface MadeUpEvent {
  kind: string;
  /** Has ids as strings. `toIntegers` converts them to integers in JSON. */
  body: Record<string, unknown>;
  record: Record<string, unknown>;
}

/** Creates unique snowflakes. */
export class SnowflakeSource {
  private counter = 0n;

  constructor(private readonly newestMs = Date.now()) {}

  /** Returns an id that is this many milliseconds old. */
  next(agoMs = 0): string {
    return this.at(this.newestMs - agoMs);
  }

  /** Returns an id of this time, in Unix milliseconds. */
  at(time: number): string {
    return ((BigInt(time - DISCORD_EPOCH_MS) << 22n) | (this.counter++ & 0x3fffffn)).toString();
  }
}

const DAY_MS = 86_400_000;

/** Creates events of all kinds in turn, distributed over the last 20 days. Reproducible except for the random ids. */
export function makeEvents(count: number, guildId: string, now = Date.now()): MadeUpEvent[] {
  const ids = new SnowflakeSource(now);
  const kinds = Object.entries(CATALOGUE) as [string, StatisticKind][];
  return Array.from({ length: count }, (_, index) => {
    const [name, kind] = kinds[index % kinds.length]!;
    return makeEvent(name, kind, guildId, ids, now, index);
  });
}

function makeEvent(
  name: string,
  kind: StatisticKind,
  guildId: string,
  ids: SnowflakeSource,
  now: number,
  index: number,
): MadeUpEvent {
  const agoMs = 60_000 + ((index * 7919) % (20 * DAY_MS));
  const occurredAt = new Date(now - agoMs).toISOString();
  const body: Record<string, unknown> = { guild_id: guildId };
  const record: Record<string, unknown> = { guild_id: guildId, timestamp: occurredAt };
  for (const { name: field, column, isOptional, words } of fieldsOf(kind)) {
    const isMissing = isOptional && index % 5 === 0;
    const value = isMissing ? null : (words?.[index % words.length] ?? valueFor(column, ids, now - agoMs, index));
    if (!isMissing) body[field] = value;
    record[field] = value;
  }
  if (kind.optionalUser && index % 3 !== 0) body.user_id = ids.next(400 * DAY_MS);
  if (hasUser(kind)) record.user_id = body.user_id ?? body.initial_creator_id ?? null;
  const given = givenIdentity(kind);
  if (given.eventId) body.event_id = randomUUID();
  if (given.occurredAt) body.occurred_at = occurredAt;
  if (kind.identifiedBy === undefined) record.id = body.event_id;
  return { kind: name, body, record };
}

/** @param time of the event, in Unix milliseconds */
function valueFor(column: FieldColumn, ids: SnowflakeSource, time: number, index: number): unknown {
  switch (column) {
    case 'is_bot':
      return index % 2 === 0;
    case 'label':
      return `l\u00e4bel "${index % 17}" \\ 🎉`;
    case 'value':
      return (index % 5000) + 0.125;
    case 'message_id':
      return ids.at(time);
    case 'occurred_at':
      return new Date(time).toISOString();
    case 'since':
      return new Date(time - (index % 3_000) * DAY_MS).toISOString();
    default:
      return ids.next(500 * DAY_MS);
  }
}

/** Replaces ids of 16 to 19 digits in JSON with integers. */
export function toIntegers(json: string): string {
  return json.replaceAll(/"(\d{16,19})"/g, '$1');
}
