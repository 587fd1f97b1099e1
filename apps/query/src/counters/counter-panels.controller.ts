import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { guildEventSchema, type GuildEventFields } from '#libs/contracts';
import { EventEndpoint } from '../events/event-endpoint.decorator.js';
import type { EventAnswer } from '../events/dto/event-answers.dto.js';
import { GuildEventBody } from '../events/event.pipe.js';
import type { Answer } from '../http/envelope.js';
import { modulePaths } from '../http/route-paths.js';
import { Access } from '../access/access.decorator.js';
import { CounterPanelsService } from './counter-panels.service.js';

@ApiTags('Counter panels')
@Controller({ path: modulePaths('stats/counter-panel') })
export class CounterPanelsController {
  constructor(private readonly panels: CounterPanelsService) {}

  @Post('check-deleted-channel')
  @EventEndpoint({
    operationId: 'reportDeletedChannel',
    summary: 'Report that a channel was deleted (channel.deleted)',
    body: guildEventSchema('channel.deleted'),
  })
  @Access('service', { guild_id: 'required' })
  channelDeleted(
    @Body(GuildEventBody('channel.deleted')) fields: GuildEventFields<'channel.deleted'>,
  ): Promise<Answer<EventAnswer>> {
    return this.panels.channelDeleted(fields);
  }

  @Post('update')
  @EventEndpoint({
    operationId: 'refreshCounterPanels',
    summary: 'Refresh the counter panels of one guild or of all guilds (counter_panel.refresh)',
    body: guildEventSchema('counter_panel.refresh'),
  })
  @Access('service', { guild_id: 'optional' })
  update(
    @Body(GuildEventBody('counter_panel.refresh')) fields: GuildEventFields<'counter_panel.refresh'>,
  ): Promise<Answer<EventAnswer>> {
    return this.panels.refresh(fields);
  }
}
