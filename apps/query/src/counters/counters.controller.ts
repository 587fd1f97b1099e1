import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query, Req, type Type } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { FIELD_TYPES, type CounterTypes, type StatisticsContract } from '#libs/contracts';
import { Access } from '../access/access.decorator.js';
import { listOf } from '../answers/answer-schema.js';
import { envelope } from '../http/envelope.dto.js';
import { requestLogIds } from '../http/request-log-ids.js';
import { modulePaths } from '../http/route-paths.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { BodyOrQuery, PathFields } from '../requests/parameters.decorator.js';
import { CountersService } from './counters.service.js';
import { counterAnswerClass, DeletedCounterAnswer, type CounterAnswer } from './dto/counter-answers.dto.js';
import { CounterPath, counterRequests, CountersGuildRequest } from './dto/counter-requests.dto.js';

const CHANNEL = { name: 'channel_id', schema: FIELD_TYPES.snowflake.schema as never, description: 'The channel' };

/** Creates the controller for counters of these types. */
export function countersController(types: CounterTypes, contract: StatisticsContract): Type {
  const requests = counterRequests(types, contract);
  class CreateCounterRequest extends requests.create {}
  class ChangeCounterRequest extends requests.change {}
  const answer = counterAnswerClass(types, contract);

  @ApiTags('Counter panels')
  @Controller({ path: modulePaths('counters') })
  class CountersController {
    constructor(private readonly counters: CountersService) {}

    @Get()
    @Endpoint({
      operationId: 'listCounters',
      summary: 'List the counters of a guild',
      description: 'Also those of the settings, which only the settings can change.',
      data: listOf(answer),
      errors: ['ModuleDisabledError', 'SettingsError'],
    })
    @Access('guild')
    list(@Query() request: CountersGuildRequest): Promise<CounterAnswer[]> {
      return this.counters.list(request.guild_id);
    }

    @Post()
    @HttpCode(201)
    @Endpoint({
      operationId: 'createCounter',
      summary: 'Create a counter',
      description:
        'Creates a locked voice channel in the category of the counter panels, or takes over an existing channel. ' +
        'Requires `counter_panel_enabled` and DISCORD_TOKEN.',
      answers: { 201: { description: 'Created', content: envelope(answer) } },
      errors: ['ModuleDisabledError', 'SettingsError', 'DatabaseError', 'DiscordApiInteractionError'],
    })
    @Access('guild')
    create(@Body() request: CreateCounterRequest, @Req() http: FastifyRequest): Promise<CounterAnswer> {
      return this.counters.create(request, requestLogIds(http));
    }

    @Patch(':channel_id')
    @ApiParam(CHANNEL)
    @Endpoint({
      operationId: 'changeCounter',
      summary: 'Change a counter',
      description: 'Fields that are missing stay as they are. Only for counters with the source `counter`.',
      data: answer,
      errors: ['NotFoundError', 'ModuleDisabledError', 'SettingsError', 'DatabaseError', 'DiscordApiInteractionError'],
    })
    @Access('guild')
    change(@PathFields() { channel_id }: CounterPath, @Body() change: ChangeCounterRequest): Promise<CounterAnswer> {
      return this.counters.change(channel_id, change);
    }

    @Delete(':channel_id')
    @ApiParam(CHANNEL)
    @Endpoint({
      operationId: 'deleteCounter',
      summary: 'Delete a counter',
      description: 'Deletes its channel in Discord too if it was created here. A channel that was taken over stays.',
      data: DeletedCounterAnswer,
      errors: ['NotFoundError', 'ModuleDisabledError', 'SettingsError', 'DatabaseError', 'DiscordApiInteractionError'],
    })
    @Access('guild')
    delete(
      @PathFields() { channel_id }: CounterPath,
      @BodyOrQuery() { guild_id }: CountersGuildRequest,
      @Req() http: FastifyRequest,
    ): Promise<DeletedCounterAnswer> {
      return this.counters.delete(guild_id, channel_id, requestLogIds(http));
    }
  }
  return CountersController;
}
