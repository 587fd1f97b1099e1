import { Injectable } from '@nestjs/common';
import type { GuildEventFields } from '#libs/contracts';
import type { EventAnswer } from '../events/dto/event-answers.dto.js';
import { EventHandoverService } from '../events/event-handover.service.js';
import { newEvent } from '../events/new-event.js';
import type { Answer } from '../http/envelope.js';
import { GuildSettingsReader } from '../settings/guild-settings.reader.js';

export type StarFields = GuildEventFields<'star.added' | 'star.removed'>;

/** Hands over star events of guilds whose starboard is on. */
@Injectable()
export class StarboardService {
  constructor(
    private readonly settings: GuildSettingsReader,
    private readonly events: EventHandoverService,
  ) {}

  async handOver(name: 'star.added' | 'star.removed', fields: StarFields): Promise<Answer<EventAnswer>> {
    const settings = await this.settings.requireEnabled(fields.guild_id);
    if (!settings.starboardEnabled) return this.events.decline('starboard_disabled');
    return this.events.accept(newEvent(name, fields));
  }
}
