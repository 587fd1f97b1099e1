import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { FIELD_TYPES, type StatisticsContract, type SwitchDefinition } from '#libs/contracts';
import { updateCollectionPeriods } from '#libs/statistics';
import { SchemaProperty } from '../answers/answer-properties.js';
import type { SettingsFeature, SettingsField, SettingsPart, Stored } from '../settings/settings-part.js';

/** The settings that switch statistics on and off. */
@Injectable()
export class StatisticsSettings implements SettingsPart {
  store(manager: EntityManager, before: Stored): Promise<void> {
    return updateCollectionPeriods(manager, before.settings.guildId);
  }
}

/** The settings for the switches of all kinds. */
export function statisticsSettings({ switches }: StatisticsContract): SettingsFeature {
  const names = Object.keys(switches);
  const fields = names.map((name) => [name, switchField(name, switches[name]!, names)]);
  return { fields: Object.fromEntries(fields) as SettingsFeature['fields'], part: StatisticsSettings };
}

function switchField(name: string, { required, description }: SwitchDefinition, names: string[]): SettingsField {
  return {
    format: FIELD_TYPES.boolean,
    required,
    description,
    answer: SchemaProperty({ type: 'boolean' }, { description }),
    get: ({ settings }) => settings.switches.includes(name),
    set: ({ settings }, value) => {
      const on = new Set(settings.switches);
      if (value === true) on.add(name);
      else on.delete(name);
      // Keep switches that only a newer version of the service, or another file of own kinds, knows.
      const unknown = [...on].filter((other) => !names.includes(other));
      settings.switches = [...names.filter((other) => on.has(other)), ...unknown];
    },
  };
}
