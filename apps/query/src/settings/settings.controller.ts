import { Body, Controller, Delete, Get, Patch, Put, Query, Req, type Type } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { requestLogIds } from '../http/request-log-ids.js';
import { modulePaths } from '../http/route-paths.js';
import { Access } from '../access/access.decorator.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { BodyOrQuery } from '../requests/parameters.decorator.js';
import { ErasedGuildAnswer, settingsAnswerClass, type SettingsAnswer } from './settings-answer.dto.js';
import type { SettingsFeature } from './settings-part.js';
import { SettingsGuildRequest, settingsRequests } from './settings-requests.dto.js';
import { SettingsService } from './settings.service.js';

/** Creates the controller for the settings of these features. */
export function settingsController(features: readonly SettingsFeature[]): Type {
  const requests = settingsRequests(features);
  class PutSettingsRequest extends requests.put {}
  class PatchSettingsRequest extends requests.patch {}
  const data = settingsAnswerClass(features);
  const answered = features.flatMap(({ answers = {} }) => Object.keys(answers)).map((name) => `\`${name}\``);

  @ApiTags('Settings')
  @Controller({ path: modulePaths('settings') })
  class SettingsController {
    constructor(private readonly settings: SettingsService) {}

    @Get()
    @Endpoint({
      operationId: 'getSettings',
      summary: 'Get all settings of a guild',
      data,
      errors: ['ModuleDisabledError', 'SettingsError'],
    })
    @Access('guild')
    get(@Query() request: SettingsGuildRequest): Promise<SettingsAnswer> {
      return this.settings.get(request.guild_id);
    }

    @Put()
    @Endpoint({
      operationId: 'replaceSettings',
      summary: 'Replace the settings of a guild',
      description:
        'You can send back the response of GET with the two lists of panels added: ' +
        `${answered.slice(0, -1).join(', ')} and ${answered.at(-1)} are ignored.`,
      data,
      errors: ['ModuleDisabledError', 'SettingsError', 'DatabaseError', 'DiscordApiInteractionError'],
    })
    @Access('guild')
    replace(@Body() change: PutSettingsRequest, @Req() http: FastifyRequest): Promise<SettingsAnswer> {
      return this.settings.replace(change, requestLogIds(http));
    }

    @Patch()
    @Endpoint({
      operationId: 'changeSettings',
      summary: 'Change some settings of a guild',
      data,
      errors: ['ModuleDisabledError', 'SettingsError', 'DatabaseError', 'DiscordApiInteractionError'],
    })
    @Access('guild')
    change(@Body() change: PatchSettingsRequest, @Req() http: FastifyRequest): Promise<SettingsAnswer> {
      return this.settings.change(change, requestLogIds(http));
    }

    @Delete('delete')
    @Endpoint({
      operationId: 'eraseGuild',
      summary: 'Erase all data of a guild',
      description: 'Erases settings, custom panels, starboard entries and statistics. The request is idempotent.',
      data: ErasedGuildAnswer,
      errors: ['DatabaseError'],
    })
    @Access('manager')
    erase(@BodyOrQuery() request: SettingsGuildRequest, @Req() http: FastifyRequest): Promise<ErasedGuildAnswer> {
      return this.settings.erase(request.guild_id, requestLogIds(http));
    }
  }
  return SettingsController;
}
