import { Injectable } from '@nestjs/common';
import { RetentionConfig } from '#libs/config';
import { FLAG_IS_BOT, judgeTime, MAX_FUTURE_MS, type CompiledKind, type StatisticFields } from '#libs/contracts';
import type { OutgoingEvent } from '#libs/broker';
import type { GuildSettings } from '#libs/database';
import type { EventAnswer } from '../../events/dto/event-answers.dto.js';
import { EventHandoverService } from '../../events/event-handover.service.js';
import type { Answer } from '../../http/envelope.js';
import { BadRequestError } from '../../http/api-error.js';
import { GuildSettingsReader } from '../../settings/guild-settings.reader.js';
import { stampIdentity, type StampedIdentity } from './event-identity.js';
import { kindFields } from '../stored-events/stored-fields.js';

const TIME_PROBLEMS = {
  'too old': (retentionDays: number) => `is too old: events are kept for ${retentionDays} days`,
  'in the future': () => `is more than ${MAX_FUTURE_MS / 60_000} minutes in the future`,
};

/** Accepts statistic events from requests. */
@Injectable()
export class StatisticsRecorder {
  constructor(
    private readonly settings: GuildSettingsReader,
    private readonly events: EventHandoverService,
    private readonly retention: RetentionConfig,
  ) {}

  /**
   * @throws BadRequestError if the time of the event is missing, too old or in the future
   * @throws ModuleDisabledError
   * @throws ServiceUnavailableError if the event could not be handed over
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

/** @throws BadRequestError that names `field` if the time is too old or in the future */
function requireStorableTime(field: string, occurredAt: number, now: number, retentionDays: number): void {
  const verdict = judgeTime(occurredAt, now, retentionDays);
  if (verdict === 'in time') return;
  throw new BadRequestError([{ field, message: TIME_PROBLEMS[verdict](retentionDays) }]);
}

function whyUnwanted(kind: CompiledKind, fields: StatisticFields, { switches }: GuildSettings) {
  const { switch: needed, botSwitch } = kind.definition;
  if (!switches.includes(needed)) return 'statistic_disabled';
  const isBot = (fields.flags & FLAG_IS_BOT) !== 0;
  return isBot && botSwitch !== undefined && !switches.includes(botSwitch) ? 'bot_message' : undefined;
}

function outgoingEvent(kind: CompiledKind, fields: StatisticFields, identity: StampedIdentity): OutgoingEvent {
  const { eventId, occurredAt, published } = identity;
  const stored = { ...fields, occurredAt };
  const body: Record<string, unknown> = {
    guild_id: fields.guildId,
    ...kindFields(kind.definition, stored),
    ...published,
  };
  if (kind.definition.optionalUser && fields.userId !== null) body.user_id = fields.userId;
  return { name: kind.name, eventId, occurredAt, body };
}
