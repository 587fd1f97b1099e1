import { Controller, Delete, Get, Patch, Put, type Type } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Form } from '../forms/form.decorator.js';
import { modulePaths } from '../http/route-paths.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { ID_SCHEMA, objectOf } from '../openapi/schemas.js';
import { settingsSchema, type SettingsAnswer } from './settings-answer.js';
import type { SettingsChange, SettingsFeature } from './settings-part.js';
import { SettingsGuildForm, settingsForms } from './settings.forms.js';
import { SettingsService } from './settings.service.js';

/** The routes of the settings that these features have. */
export function settingsController(features: readonly SettingsFeature[]): Type {
  const forms = settingsForms(features);
  const data = settingsSchema(features);
  const answered = features.flatMap(({ answers = {} }) => Object.keys(answers)).map((name) => `\`${name}\``);

  @ApiTags('Settings')
  @Controller({ path: modulePaths('settings') })
  class SettingsController {
    constructor(private readonly settings: SettingsService) {}

    @Get()
    @Endpoint({
      access: 'guild',
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
      summary: 'Erase everything that is stored of a guild',
      description: 'Settings, custom panels, starboard entries and statistics. Doing it again changes nothing.',
      bodyOrQuery: SettingsGuildForm,
      data: objectOf({ guild_id: ID_SCHEMA, deleted: { const: true } }),
      errors: ['DatabaseError'],
    })
    erase(@Form() form: SettingsGuildForm): Promise<{ guild_id: string; deleted: true }> {
      return this.settings.erase(form.guild_id);
    }
  }
  return SettingsController;
}
