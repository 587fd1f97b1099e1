import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { guildEventSchema } from '#libs/contracts';
import { EventEndpoint } from '../events/event-endpoint.decorator.js';
import { DeclinedStar, type EventAnswer } from '../events/dto/event-answers.dto.js';
import { GuildEventBody } from '../events/event.pipe.js';
import type { Answer } from '../http/envelope.js';
import { modulePaths } from '../http/route-paths.js';
import { Access } from '../access/access.decorator.js';
import { StarboardService, type StarFields } from './starboard.service.js';

@ApiTags('Starboard')
@Controller({ path: modulePaths('starboard') })
export class StarboardController {
  constructor(private readonly starboard: StarboardService) {}

  @Post('add')
  @EventEndpoint({
    operationId: 'addStar',
    summary: 'Report that a message got a star (star.added)',
    body: guildEventSchema('star.added'),
    declined: DeclinedStar,
  })
  @Access('service', { guild_id: 'required' })
  add(@Body(GuildEventBody('star.added')) fields: StarFields): Promise<Answer<EventAnswer>> {
    return this.starboard.handOver('star.added', fields);
  }

  @Post('remove')
  @EventEndpoint({
    operationId: 'removeStar',
    summary: 'Report that a message lost a star or was deleted (star.removed)',
    body: guildEventSchema('star.removed'),
    declined: DeclinedStar,
  })
  @Access('service', { guild_id: 'required' })
  remove(@Body(GuildEventBody('star.removed')) fields: StarFields): Promise<Answer<EventAnswer>> {
    return this.starboard.handOver('star.removed', fields);
  }
}
