import {
  GUILD_EVENTS,
  readGuildEvent,
  resolveIdentity,
  SNAPSHOT_ROLE_FIELDS,
  type EventEnvelope,
  type EventIdentity,
  type GuildEventFields,
  type GuildEventName,
} from '#libs/contracts';
import type { JsonValue } from '#libs/json';
import { ownText, type EventType } from './event-type.js';

const BYTES_PER_COUNT = 48;

/** A validated event other than a statistic. */
export interface GuildEvent<N extends GuildEventName = GuildEventName> {
  fields: GuildEventFields<N>;
  occurredAt: Date;
}

/** For `@OnEvents`: types of events other than statistics. */
export function guildEvents<N extends GuildEventName>(...names: readonly N[]): () => readonly EventType[] {
  return () => names.map((name) => new GuildEventType(name));
}

class GuildEventType<N extends GuildEventName> implements EventType<GuildEvent<N>, GuildEventFields<N>> {
  readonly queue: string;

  constructor(readonly name: N) {
    this.queue = GUILD_EVENTS[name].queue;
  }

  read(body: JsonValue | undefined) {
    return readGuildEvent(this.name, body);
  }

  identify(fields: GuildEventFields<N>, envelope: EventEnvelope): EventIdentity {
    const { occurred_at: occurredAt } = fields as { occurred_at?: number };
    // Handling such an event twice changes nothing, so its identity does not matter.
    return { ...resolveIdentity({ occurredAt }, envelope), repeatable: true };
  }

  toEvent(fields: GuildEventFields<N>, { occurredAt }: EventIdentity, ownTexts: boolean): GuildEvent<N> {
    return { fields: ownTexts ? withOwnTexts(fields) : fields, occurredAt: new Date(occurredAt) };
  }

  guildOf({ fields }: GuildEvent<N>): string | undefined {
    return fields.guild_id;
  }

  /** Counts by role are larger as an object than as JSON. */
  extraBytes({ fields }: GuildEvent<N>): number {
    const counts = fields as Partial<GuildEventFields<'guild.snapshot'>>;
    return SNAPSHOT_ROLE_FIELDS.flatMap((field) => Object.keys(counts[field] ?? {})).reduce(
      (sum, id) => sum + BYTES_PER_COUNT + 2 * id.length,
      0,
    );
  }
}

function withOwnTexts<F extends object>(fields: F): F {
  const entries = Object.entries(fields).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'string' ? ownText(value) : value,
  ]);
  return Object.fromEntries(entries) as F;
}
