import {
  QUEUES,
  type CompiledKind,
  type EventEnvelope,
  type EventIdentity,
  type Read,
  type StatisticEvent,
  type StatisticFields,
} from '#libs/contracts';
import type { JsonValue } from '#libs/json';
import { ownText, type EventType } from '../intake/event-type.js';

/** Events of one kind of the catalogue. */
export class StatisticEventType implements EventType<StatisticEvent, StatisticFields> {
  readonly name: string;
  readonly queue = QUEUES.statistics;

  constructor(private readonly kind: CompiledKind) {
    this.name = kind.name;
  }

  read(body: JsonValue | undefined): Read<StatisticFields> {
    return this.kind.read(body);
  }

  identify(fields: StatisticFields, envelope: EventEnvelope): EventIdentity {
    return this.kind.identify(fields, envelope);
  }

  /** Lists every field, because a spread took longer than reading them. */
  toEvent(fields: StatisticFields, { eventId, occurredAt }: EventIdentity, ownTexts: boolean): StatisticEvent {
    const { kind } = this;
    const { guildId, userId, actorId, channelId, messageId, label, flags } = fields;
    const value = kind.valueOf(fields, occurredAt);
    const event = { kind, guildId, eventId, occurredAt, userId, actorId, channelId, messageId, label, value, flags };
    return ownTexts ? withOwnTexts(event) : event;
  }

  guildOf({ guildId }: StatisticEvent): string {
    return guildId;
  }
}

function withOwnTexts(event: StatisticEvent): StatisticEvent {
  const own = (text: string | null) => (text === null ? null : ownText(text));
  return {
    ...event,
    guildId: ownText(event.guildId),
    eventId: ownText(event.eventId),
    userId: own(event.userId),
    actorId: own(event.actorId),
    channelId: own(event.channelId),
    messageId: own(event.messageId),
    label: own(event.label),
  };
}
