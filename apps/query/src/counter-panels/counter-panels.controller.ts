import { Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { guildEventSchema, type JsonValue } from '#libs/contracts';
import { eventAnswers } from '../events/event-answers.js';
import type { EventAnswer } from '../events/event-handover.service.js';
import { EventBody } from '../forms/request-fields.js';
import type { Answer } from '../http/envelope.js';
import { modulePaths } from '../http/route-paths.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { CounterPanelsService } from './counter-panels.service.js';

const ANSWERS = eventAnswers([]);

@ApiTags('Counter panels')
@Controller({ path: modulePaths('stats/counter-panel') })
export class CounterPanelsController {
  constructor(private readonly panels: CounterPanelsService) {}

  @Post('check-deleted-channel')
  @Endpoint({
    access: 'service',
    summary: 'A channel of a guild was deleted (channel.deleted)',
    body: guildEventSchema('channel.deleted'),
    answers: ANSWERS,
    errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
  })
  channelDeleted(@EventBody() body: JsonValue): Promise<Answer<EventAnswer>> {
    return this.panels.channelDeleted(body);
  }

  @Post('update')
  @Endpoint({
    access: 'service',
    summary: 'Refresh the counter panels of a guild, or of all (counter_panel.refresh)',
    body: guildEventSchema('counter_panel.refresh'),
    answers: ANSWERS,
    errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
  })
  update(@EventBody() body: JsonValue): Promise<Answer<EventAnswer>> {
    return this.panels.refresh(body);
  }
}
