import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { FIELD_TYPES, SWITCHES, SWITCH_NAMES, type SwitchName } from '#libs/contracts';
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

function switchField(name: SwitchName): SettingsField {
  const { required, description } = SWITCHES[name];
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
      // Keep switches that only a newer version of the service knows.
      const unknown = [...on].filter((other) => !(SWITCH_NAMES as string[]).includes(other));
      settings.switches = [...SWITCH_NAMES.filter((other) => on.has(other)), ...unknown];
    },
  };
}

export const STATISTICS_SETTINGS: SettingsFeature = {
  fields: Object.fromEntries(SWITCH_NAMES.map((name) => [name, switchField(name)])),
  part: StatisticsSettings,
};
