import type { CounterTypes, StatisticsContract } from '#libs/contracts';
import { counterSettings } from './counters/counter-settings.js';
import type { SettingsFeature } from './settings/settings-part.js';
import { STARBOARD_SETTINGS } from './starboard/starboard-settings.js';
import { statisticsSettings } from './statistics/statistics-settings.js';

/** The features that have settings, in the order of the API document and responses. */
export function settingsFeatures(counterTypes: CounterTypes, contract: StatisticsContract): SettingsFeature[] {
  return [counterSettings(counterTypes), STARBOARD_SETTINGS, statisticsSettings(contract)];
}
