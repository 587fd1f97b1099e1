import { SWITCH_NAMES } from '#libs/contracts';
import { GuildSettings } from '#libs/database';
import { clearChannel, nextUpdate } from '#libs/settings';
import { BadRequestError } from '../http/api-error.js';
import { MAX_PANELS } from './custom-panels.js';
import { settingsValues } from './settings-answer.js';
import { CHANNEL_FIELDS, COLUMN_FIELDS, COLUMN_FIELD_NAMES } from './settings-fields.js';
import { checkRules } from './settings-rules.js';
import type { SettingsState } from './settings-state.js';
import type { SettingsChange } from './settings-requests.dto.js';

/** What a request has done in Discord already, and what it went by. */
export interface DoneInDiscord {
  before: SettingsState;
  /** The category that its channels were created in, or looked for. */
  categoryId: string | null;
  /** Channels of panels that are deleted. */
  deleted: ReadonlySet<string>;
}

/**
 * What a change makes of the settings.
 *
 * @param done when the change is decided for the second time, before it is stored
 * @throws BadRequestError for a change that was made from older settings, or does not fit those of now
 */
export function decide(state: SettingsState, change: SettingsChange, done?: DoneInDiscord): GuildSettings {
  if (done === undefined || !isTheSame(state, done)) refuseLostUpdate(state.settings, change);
  const changed = applyChange(state.settings, change);
  checkRules(settingsValues(changed));
  checkPanels(state, change, done?.deleted);
  if (done !== undefined && changed.counterPanelCategoryChannel !== done.categoryId) {
    const message = 'was changed by somebody else meanwhile';
    throw new BadRequestError([{ field: 'counter_panel_category_channel', message }]);
  }
  return changed;
}

/** Channels vanish from the settings when they do, which is no change by somebody else. */
function isTheSame(now: SettingsState, { before, deleted }: DoneInDiscord): boolean {
  const content = ({ settings, panels }: SettingsState) => {
    const left = Object.assign(new GuildSettings(), settings);
    for (const channelId of deleted) clearChannel(left, channelId);
    const panelIds = panels.map(({ channelId }) => channelId).filter((id) => !deleted.has(id));
    return JSON.stringify([settingsValues(left), settings.switches, panelIds]);
  };
  return content(now) === content(before);
}

function refuseLostUpdate(settings: GuildSettings, { updated_at: seen }: SettingsChange): void {
  if (seen === undefined || seen === settings.updatedAt.getTime()) return;
  const message = `is not the current one: somebody has changed the settings at ${settings.updatedAt.toISOString()}`;
  throw new BadRequestError([{ field: 'updated_at', message }]);
}

function checkPanels({ panels }: SettingsState, change: SettingsChange, deleted?: ReadonlySet<string>): void {
  const { counter_panel_custom_panels_create: creates = [], counter_panel_custom_panels_delete: deletes = [] } = change;
  const foreign = deletes.filter((id) => !deleted?.has(id) && !panels.some(({ channelId }) => channelId === id));
  if (foreign.length > 0) {
    const message = `names no custom panel of this guild: ${foreign.slice(0, 5).join(', ')}`;
    throw new BadRequestError([{ field: 'counter_panel_custom_panels_delete', message }]);
  }
  const mistakes = CHANNEL_FIELDS.filter((field) => deletes.some((id) => id === change[field]));
  if (mistakes.length > 0) {
    const message = 'names a custom panel that the same change deletes';
    throw new BadRequestError(mistakes.map((field) => ({ field, message })));
  }
  const kept = panels.filter(({ channelId }) => !deletes.includes(channelId));
  if (creates.length > 0 && kept.length + creates.length > MAX_PANELS) {
    const message = `would make more than ${MAX_PANELS} custom panels`;
    throw new BadRequestError([{ field: 'counter_panel_custom_panels_create', message }]);
  }
}

function applyChange(settings: GuildSettings, change: SettingsChange): GuildSettings {
  const changed = Object.assign(new GuildSettings(), settings, { updatedAt: nextUpdate(settings) });
  for (const name of COLUMN_FIELD_NAMES) {
    if (change[name] !== undefined) Object.assign(changed, { [COLUMN_FIELDS[name].property]: change[name] });
  }
  const values = { ...settingsValues(settings), ...change };
  // A newer version may know more switches than this one.
  const unknown = settings.switches.filter((name) => !(SWITCH_NAMES as string[]).includes(name));
  changed.switches = [...SWITCH_NAMES.filter((name) => values[name]), ...unknown];
  return changed;
}
