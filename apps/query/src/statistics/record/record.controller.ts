import { Body, Controller, Post, type Type } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { CompiledKind, StatisticFields } from '#libs/contracts';
import { Access } from '../../access/access.decorator.js';
import { EventEndpoint } from '../../events/event-endpoint.decorator.js';
import { DeclinedBotStatistic, DeclinedStatistic, type EventAnswer } from '../../events/dto/event-answers.dto.js';
import { StatisticBody } from '../../events/event.pipe.js';
import type { Answer } from '../../http/envelope.js';
import { modulePaths } from '../../http/route-paths.js';
import { kindOperations, nameAfterKind } from '../../openapi/kind-operations.js';
import { StatisticsRecorder } from './statistics-recorder.service.js';

/** Creates the controller that records events of a kind. */
export function recordController(kind: CompiledKind): Type {
  const { title, recordPath, botSwitch } = kind.definition;
  const declined = botSwitch === undefined ? DeclinedStatistic : DeclinedBotStatistic;

  @ApiTags('Statistics')
  @Controller({ path: modulePaths() })
  class RecordController {
    constructor(private readonly recorder: StatisticsRecorder) {}

    @Post(recordPath)
    @EventEndpoint({
      operationId: kindOperations(kind).record,
      summary: `Record: ${title} (${kind.name})`,
      description: `Events are collected while ${kind.definition.switch} is on. Unknown fields are ignored.`,
      body: kind.schema(),
      declined,
    })
    @Access('guild')
    record(@Body(StatisticBody(kind)) fields: StatisticFields): Promise<Answer<EventAnswer>> {
      return this.recorder.record(kind, fields);
    }
  }
  return nameAfterKind(RecordController, kind);
}
