import { nextUpdate } from '#libs/settings';
import type { GuildSettings } from '#libs/database';
import { BadRequestError } from '../http/api-error.js';
import type { SettingsChange } from './settings-part.js';
import { deletedChannels, type GuildState, type SettingsParts, type DiscordTasks } from './settings-parts.js';

/** What a request has already done in Discord, and the state on which that was based. */
export interface DoneInDiscord {
  before: GuildState;
  tasks: DiscordTasks;
}

/**
 * Applies a change to the settings in memory.
 *
 * @param done set when the change is decided for the second time, immediately before it is stored
 * @throws BadRequestError if the change is based on outdated settings or conflicts with the current ones
 */
export function decide(
  parts: SettingsParts,
  state: GuildState,
  change: SettingsChange,
  done?: DoneInDiscord,
): GuildState {
  if (done === undefined || !isUnchanged(parts, state, done)) refuseLostUpdate(state.settings, change);
  const changed = parts.copy(state);
  changed.settings.updatedAt = nextUpdate(state.settings);
  parts.set(changed, change);
  parts.checkRules(parts.values(changed));
  parts.check(state, changed, change, done?.tasks);
  return changed;
}

/** Compares without deleted channels: their removal from the settings is not a change by another request. */
function isUnchanged(parts: SettingsParts, now: GuildState, { before, tasks }: DoneInDiscord): boolean {
  const deleted = deletedChannels(tasks);
  const content = (state: GuildState) => {
    const left = parts.copy(state);
    parts.forgetChannels(left, deleted);
    return JSON.stringify([parts.values(left), left.settings.switches, left.stored.map(({ own }) => own)]);
  };
  return content(now) === content(before);
}

function refuseLostUpdate(settings: GuildSettings, { updated_at: seen }: SettingsChange): void {
  if (seen === undefined || seen === settings.updatedAt.getTime()) return;
  const message = `is outdated: the settings were last changed at ${settings.updatedAt.toISOString()}`;
  throw new BadRequestError([{ field: 'updated_at', message }]);
}
