import { nextUpdate } from '#libs/settings';
import type { GuildSettings } from '#libs/database';
import { BadRequestError } from '../http/api-error.js';
import type { SettingsChange } from './settings-part.js';
import { goneChannels, type GuildState, type SettingsParts, type Works } from './settings-parts.js';

/** What a request has done in Discord already, and what it went by. */
export interface DoneInDiscord {
  before: GuildState;
  works: Works;
}

/**
 * What a change makes of the settings.
 *
 * @param done when the change is decided for the second time, before it is stored
 * @throws BadRequestError for a change that was made from older settings, or does not fit those of now
 */
export function decide(
  parts: SettingsParts,
  state: GuildState,
  change: SettingsChange,
  done?: DoneInDiscord,
): GuildState {
  if (done === undefined || !isTheSame(parts, state, done)) refuseLostUpdate(state.settings, change);
  const changed = parts.copy(state);
  changed.settings.updatedAt = nextUpdate(state.settings);
  parts.set(changed, change);
  parts.checkRules(parts.values(changed));
  parts.check(state, changed, change, done?.works);
  return changed;
}

/** Channels vanish from the settings when they do, which is no change by somebody else. */
function isTheSame(parts: SettingsParts, now: GuildState, { before, works }: DoneInDiscord): boolean {
  const gone = goneChannels(works);
  const content = (state: GuildState) => {
    const left = parts.copy(state);
    parts.forgetChannels(left, gone);
    return JSON.stringify([parts.values(left), left.settings.switches, left.stored.map(({ own }) => own)]);
  };
  return content(now) === content(before);
}

function refuseLostUpdate(settings: GuildSettings, { updated_at: seen }: SettingsChange): void {
  if (seen === undefined || seen === settings.updatedAt.getTime()) return;
  const message = `is not the current one: somebody has changed the settings at ${settings.updatedAt.toISOString()}`;
  throw new BadRequestError([{ field: 'updated_at', message }]);
}
