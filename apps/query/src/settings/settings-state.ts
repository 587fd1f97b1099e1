import type { EntityManager } from 'typeorm';
import { findNextRefresh, findPanelChannels, findUnremovedChannels } from '#libs/counters';
import { CounterPanel, type GuildSettings } from '#libs/database';
import { findStarboardProblems } from '#libs/starboard';
import type { DiscordClient } from '#libs/discord';
import { panelStatus } from '../counters/panel-status.js';
import { starboardStatus } from '../starboard/starboard-status.js';
import { enabledOnly, findSettings } from './guild-settings.reader.js';
import type { SettingsAnswer } from './settings-answer.dto.js';
import { settingsAnswer } from './settings-answer.js';

/** What a change of settings starts from. */
export interface SettingsState {
  settings: GuildSettings;
  /** In the order in which they were created. */
  panels: CounterPanel[];
}

/** @throws ModuleDisabledError */
export async function readState(manager: EntityManager, guildId: string): Promise<SettingsState> {
  const settings = enabledOnly(await findSettings(manager, guildId));
  const panels = await manager.getRepository(CounterPanel).find({ where: { guildId }, order: { channelId: 'ASC' } });
  return { settings, panels };
}

/** @throws ModuleDisabledError */
export async function readAnswer(
  manager: EntityManager,
  guildId: string,
  discord: DiscordClient | null,
): Promise<SettingsAnswer> {
  discord?.keepHealthCurrent();
  const { settings, panels } = await readState(manager, guildId);
  const channels = await findPanelChannels(manager, guildId);
  const nextRefresh = await findNextRefresh(manager, guildId);
  const unremoved = await findUnremovedChannels(manager, guildId);
  const problems = await findStarboardProblems(manager, guildId);
  return settingsAnswer(settings, panels, {
    counter_panel_status: panelStatus({
      settings,
      panels,
      channels,
      nextRefresh,
      unremoved,
      hasDiscord: discord !== null,
    }),
    starboard_status: starboardStatus(settings, problems, discord),
  });
}
