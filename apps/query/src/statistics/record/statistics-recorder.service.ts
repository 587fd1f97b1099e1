import { Injectable } from '@nestjs/common';
import { RetentionConfig } from '#libs/config';
import { FLAG_IS_BOT, type CompiledKind, type StatisticFields } from '#libs/contracts';
import type { OutgoingEvent } from '#libs/broker';
import type { GuildSettings } from '#libs/database';
import type { EventAnswer } from '../../events/dto/event-answers.dto.js';
import { EventHandoverService } from '../../events/event-handover.service.js';
import type { Answer } from '../../http/envelope.js';
import { GuildSettingsReader } from '../../settings/guild-settings.reader.js';
import { stampIdentity, type StampedIdentity } from './event-identity.js';
import { requireStorableTime } from './judge-event-time.js';
import { kindFields } from '../stored-events/stored-fields.js';

/** Takes statistic events that come as requests. */
@Injectable()
export class StatisticsRecorder {
  constructor(
    private readonly settings: GuildSettingsReader,
    private readonly events: EventHandoverService,
    private readonly retention: RetentionConfig,
  ) {}

  /**
   * @throws BadRequestError for an event without a time that can be told, or of a time at which nothing is stored
   * @throws ModuleDisabledError
   * @throws ServiceUnavailableError when nobody could take the event
   */
  async record(kind: CompiledKind, fields: StatisticFields): Promise<Answer<EventAnswer>> {
    const now = Date.now();
    const identity = stampIdentity(kind, fields, now);
    if (identity.timeFrom !== undefined) {
      requireStorableTime(identity.timeFrom, identity.occurredAt, now, this.retention.eventDays);
    }
    const unwanted = whyUnwanted(kind, fields, await this.settings.requireEnabled(fields.guildId));
    if (unwanted !== undefined) return this.events.decline(unwanted);
    return this.events.accept(outgoingEvent(kind, fields, identity));
  }
}

function whyUnwanted(kind: CompiledKind, fields: StatisticFields, { switches }: GuildSettings) {
  const { switch: needed, botSwitch } = kind.definition;
  if (!switches.includes(needed)) return 'statistic_disabled';
  const isBot = (fields.flags & FLAG_IS_BOT) !== 0;
  return isBot && botSwitch !== undefined && !switches.includes(botSwitch) ? 'bot_message' : undefined;
}

function outgoingEvent(kind: CompiledKind, fields: StatisticFields, identity: StampedIdentity): OutgoingEvent {
  const { eventId, occurredAt } = identity;
  const body: Record<string, unknown> = { guild_id: fields.guildId, ...kindFields(kind.definition, fields) };
  if (kind.definition.optionalUser && fields.userId !== null) body.user_id = fields.userId;
  if (kind.definition.identifiedBy === undefined) {
    body.event_id = eventId;
    body.occurred_at = new Date(occurredAt).toISOString();
  }
  return { name: kind.name, eventId, occurredAt, body };
}
