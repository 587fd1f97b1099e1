import { Controller, Delete, Get, Patch, Put, type Type } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Form } from '../forms/form.decorator.js';
import { modulePaths } from '../http/route-paths.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { ErasedGuildAnswer, settingsAnswerClass, type SettingsAnswer } from './settings-answer.dto.js';
import type { SettingsChange, SettingsFeature } from './settings-part.js';
import { SettingsGuildForm, settingsForms } from './settings.forms.js';
import { SettingsService } from './settings.service.js';

/** The routes of the settings that these features have. */
export function settingsController(features: readonly SettingsFeature[]): Type {
  const forms = settingsForms(features);
  const data = settingsAnswerClass(features);
  const answered = features.flatMap(({ answers = {} }) => Object.keys(answers)).map((name) => `\`${name}\``);

  @ApiTags('Settings')
  @Controller({ path: modulePaths('settings') })
  class SettingsController {
    constructor(private readonly settings: SettingsService) {}

    @Get()
    @Endpoint({
      access: 'guild',
      operationId: 'getSettings',
      summary: 'All settings of a guild',
      query: SettingsGuildForm,
      data,
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
        'What GET answered, with the two lists of panels added, may be sent back: ' +
        `${answered.slice(0, -1).join(', ')} and ${answered.at(-1)} are ignored.`,
      body: forms.put,
      data,
      errors: ['ModuleDisabledError', 'SettingsError', 'DatabaseError', 'DiscordApiInteractionError'],
    })
    replace(@Form() change: SettingsChange): Promise<SettingsAnswer> {
      return this.settings.replace(change);
    }

    @Patch()
    @Endpoint({
      access: 'guild',
      operationId: 'changeSettings',
      summary: 'Change some settings of a guild',
      body: forms.patch,
      data,
      errors: ['ModuleDisabledError', 'SettingsError', 'DatabaseError', 'DiscordApiInteractionError'],
    })
    change(@Form() change: SettingsChange): Promise<SettingsAnswer> {
      return this.settings.change(change);
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
  return SettingsController;
}
