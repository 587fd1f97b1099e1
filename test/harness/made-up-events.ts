import { randomUUID } from 'node:crypto';
import { CATALOGUE, DISCORD_EPOCH_MS, hasUser, type FieldColumn, type StatisticKind } from '#libs/contracts';

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
    const time = BigInt(this.newestMs - agoMs - DISCORD_EPOCH_MS);
    return ((time << 22n) | (this.counter++ & 0x3fffffn)).toString();
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
  for (const [field, column] of Object.entries(kind.fields)) body[field] = valueFor(column, ids, agoMs, index);
  if (kind.optionalUser && index % 3 !== 0) body.user_id = ids.next(400 * DAY_MS);
  const record: Record<string, unknown> = { ...body, timestamp: occurredAt };
  if (hasUser(kind)) record.user_id = body.user_id ?? body.initial_creator_id ?? null;
  if (kind.identifiedBy === undefined) {
    body.event_id = randomUUID();
    body.occurred_at = occurredAt;
    record.id = body.event_id;
  }
  return { kind: name, body, record };
}

function valueFor(column: FieldColumn, ids: SnowflakeSource, agoMs: number, index: number): unknown {
  switch (column) {
    case 'is_bot':
      return index % 2 === 0;
    case 'label':
      return `l\u00e4bel "${index % 17}" \\ 🎉`;
    case 'value':
      return (index % 5000) + 0.125;
    case 'message_id':
      return ids.next(agoMs);
    default:
      return ids.next(500 * DAY_MS);
  }
}

/** Replaces ids of 16 to 19 digits in JSON with integers. */
export function toIntegers(json: string): string {
  return json.replaceAll(/"(\d{16,19})"/g, '$1');
}
