import { Body, Controller, Delete, Get, Patch, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { modulePaths } from '../http/route-paths.js';
import { Access } from '../access/access.decorator.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { BodyOrQuery } from '../requests/parameters.decorator.js';
import { ErasedGuildAnswer, SettingsAnswer } from './settings-answer.dto.js';
import { PatchSettingsRequest, PutSettingsRequest, SettingsGuildRequest } from './settings-requests.dto.js';
import { SettingsService } from './settings.service.js';

@ApiTags('Settings')
@Controller({ path: modulePaths('settings') })
export class SettingsController {
  constructor(private readonly settings: SettingsService) {}

  @Get()
  @Endpoint({
    operationId: 'getSettings',
    summary: 'All settings of a guild',
    data: SettingsAnswer,
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
      'What GET answered, with the two lists of panels added, may be sent back: `counter_panel_custom_panels`, ' +
      '`counter_panel_status` and `starboard_status` are ignored.',
    data: SettingsAnswer,
    errors: ['ModuleDisabledError', 'SettingsError', 'DatabaseError', 'DiscordApiInteractionError'],
  })
  @Access('guild')
  replace(@Body() request: PutSettingsRequest): Promise<SettingsAnswer> {
    return this.settings.replace(request);
  }

  @Patch()
  @Endpoint({
    operationId: 'changeSettings',
    summary: 'Change some settings of a guild',
    data: SettingsAnswer,
    errors: ['ModuleDisabledError', 'SettingsError', 'DatabaseError', 'DiscordApiInteractionError'],
  })
  @Access('guild')
  change(@Body() request: PatchSettingsRequest): Promise<SettingsAnswer> {
    return this.settings.change(request);
  }

  @Delete('delete')
  @Endpoint({
    operationId: 'eraseGuild',
    summary: 'Erase everything that is stored of a guild',
    description: 'Settings, custom panels, starboard entries and statistics. Doing it again changes nothing.',
    data: ErasedGuildAnswer,
    errors: ['DatabaseError'],
  })
  @Access('service', { guild_id: 'required' })
  erase(@BodyOrQuery() request: SettingsGuildRequest): Promise<ErasedGuildAnswer> {
    return this.settings.erase(request.guild_id);
  }
}
