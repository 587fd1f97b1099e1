import { Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { guildEventSchema } from '#libs/contracts';
import { eventAnswers } from '../events/event-answers.js';
import { DeclinedStar, type EventAnswer } from '../events/dto/event-answers.dto.js';
import { guildEventReader } from '../events/event-reader.js';
import { Form } from '../forms/form.decorator.js';
import type { Answer } from '../http/envelope.js';
import { modulePaths } from '../http/route-paths.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { StarboardService, type StarFields } from './starboard.service.js';

const ANSWERS = eventAnswers(DeclinedStar);

@ApiTags('Starboard')
@Controller({ path: modulePaths('starboard') })
export class StarboardController {
  constructor(private readonly starboard: StarboardService) {}

  @Post('add')
  @Endpoint({
    access: 'service',
    operationId: 'addStar',
    summary: 'A message got a star (star.added)',
    body: guildEventSchema('star.added'),
    reads: guildEventReader('star.added'),
    answers: ANSWERS,
    errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
  })
  add(@Form() fields: StarFields): Promise<Answer<EventAnswer>> {
    return this.starboard.handOver('star.added', fields);
  }

  @Post('remove')
  @Endpoint({
    access: 'service',
    operationId: 'removeStar',
    summary: 'A message lost a star, or was deleted (star.removed)',
    body: guildEventSchema('star.removed'),
    reads: guildEventReader('star.removed'),
    answers: ANSWERS,
    errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
  })
  remove(@Form() fields: StarFields): Promise<Answer<EventAnswer>> {
    return this.starboard.handOver('star.removed', fields);
  }
}
