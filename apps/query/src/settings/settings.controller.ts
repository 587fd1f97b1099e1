import { Controller, Delete, Get, Patch, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Form } from '../forms/form.decorator.js';
import { modulePaths } from '../http/route-paths.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { ErasedGuildAnswer, SettingsAnswer } from './settings-answer.dto.js';
import { PatchSettingsForm, PutSettingsForm, SettingsGuildForm } from './settings.forms.js';
import { SettingsService } from './settings.service.js';

@ApiTags('Settings')
@Controller({ path: modulePaths('settings') })
export class SettingsController {
  constructor(private readonly settings: SettingsService) {}

  @Get()
  @Endpoint({
    access: 'guild',
    operationId: 'getSettings',
    summary: 'All settings of a guild',
    query: SettingsGuildForm,
    data: SettingsAnswer,
    errors: ['ModuleDisabledError', 'SettingsError'],
  })
  get(@Form() form: SettingsGuildForm): Promise<SettingsAnswer> {
    return this.settings.get(form.guild_id);
  }

  @Put()
  @Endpoint({
    access: 'guild',
    operationId: 'replaceSettings',
    summary: 'Replace the settings of a guild',
    description:
      'What GET answered, with the two lists of panels added, may be sent back: `counter_panel_custom_panels`, ' +
      '`counter_panel_status` and `starboard_status` are ignored.',
    body: PutSettingsForm,
    data: SettingsAnswer,
    errors: ['ModuleDisabledError', 'SettingsError', 'DatabaseError', 'DiscordApiInteractionError'],
  })
  replace(@Form() form: PutSettingsForm): Promise<SettingsAnswer> {
    return this.settings.replace(form);
  }

  @Patch()
  @Endpoint({
    access: 'guild',
    operationId: 'changeSettings',
    summary: 'Change some settings of a guild',
    body: PatchSettingsForm,
    data: SettingsAnswer,
    errors: ['ModuleDisabledError', 'SettingsError', 'DatabaseError', 'DiscordApiInteractionError'],
  })
  change(@Form() form: PatchSettingsForm): Promise<SettingsAnswer> {
    return this.settings.change(form);
  }

  @Delete('delete')
  @Endpoint({
    access: 'service',
    operationId: 'eraseGuild',
    summary: 'Erase everything that is stored of a guild',
    description: 'Settings, custom panels, starboard entries and statistics. Doing it again changes nothing.',
    bodyOrQuery: SettingsGuildForm,
    data: ErasedGuildAnswer,
    errors: ['DatabaseError'],
  })
  erase(@Form() form: SettingsGuildForm): Promise<ErasedGuildAnswer> {
    return this.settings.erase(form.guild_id);
  }
}
