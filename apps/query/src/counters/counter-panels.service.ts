import { Injectable } from '@nestjs/common';
import type { GuildEventFields } from '#libs/contracts';
import type { EventAnswer } from '../events/dto/event-answers.dto.js';
import { EventHandoverService } from '../events/event-handover.service.js';
import { newEvent } from '../events/new-event.js';
import type { Answer } from '../http/envelope.js';
import { GuildSettingsReader } from '../settings/guild-settings.reader.js';

/** Hands over the events of counter panels. */
@Injectable()
export class CounterPanelsService {
  constructor(
    private readonly settings: GuildSettingsReader,
    private readonly events: EventHandoverService,
  ) {}

  /** Any deleted channel can be reported. The consumer finds out whether the settings use it. */
  async channelDeleted(fields: GuildEventFields<'channel.deleted'>): Promise<Answer<EventAnswer>> {
    await this.settings.requireEnabled(fields.guild_id);
    return this.events.accept(newEvent('channel.deleted', fields));
  }

  /** Refreshes the panels of `guild_id` or, without one, of all guilds. */
  async refresh(fields: GuildEventFields<'counter_panel.refresh'>): Promise<Answer<EventAnswer>> {
    if (fields.guild_id !== undefined) await this.settings.requireEnabled(fields.guild_id);
    return this.events.accept(newEvent('counter_panel.refresh', fields));
  }
}
