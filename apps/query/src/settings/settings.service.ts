import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { finishCreations, requestRefresh } from '#libs/counters';
import { CounterPanel, GuildSettings } from '#libs/database';
import { clearChannel } from '#libs/settings';
import { catchUpWithStarboard, clearStarboardProblem } from '#libs/starboard';
import { followSettings } from '#libs/statistics';
import type { DiscordClient } from '#libs/discord';
import { PanelChannels } from '../counters/panel-channels.service.js';
import type { PanelWork } from '../counters/panel-work.js';
import { GuildDatabase } from '../database/guild-database.js';
import { GuildEraser } from '../database/guild-eraser.js';
import { DiscordApiInteractionError } from '../http/api-error.js';
import { DISCORD } from '../tokens.js';
import type { ErasedGuildAnswer, SettingsAnswer } from './settings-answer.dto.js';
import { decide, type DoneInDiscord } from './settings-decision.js';
import { CHANNEL_FIELDS } from './settings-fields.js';
import { checkRules } from './settings-rules.js';
import { readAnswer, readState } from './settings-state.js';
import type { SettingsChange } from './settings.forms.js';

/** Reads, changes and erases what is set in a guild. */
@Injectable()
export class SettingsService {
  constructor(
    private readonly database: GuildDatabase,
    private readonly eraser: GuildEraser,
    private readonly channels: PanelChannels,
    @Inject(DISCORD) private readonly discord: DiscordClient | null,
  ) {}

  /** @throws ModuleDisabledError */
  get(guildId: string): Promise<SettingsAnswer> {
    return this.database.readSettings((manager) => readAnswer(manager, guildId, this.discord));
  }

  /** A change that names every setting: its rules are a matter of its form, and come before the guild's state. */
  async replace(change: SettingsChange): Promise<SettingsAnswer> {
    checkRules(change);
    return this.change(change);
  }

  /**
   * Decides what the change makes of the settings, does in Discord what it must, and stores the rest under the lock of
   * the guild, which is not held while Discord is asked; what was done is undone when the settings do not fit it any
   * more, or cannot be stored.
   *
   * @throws ModuleDisabledError
   * @throws BadRequestError for a change that was made from older settings, or does not fit those of now
   * @throws DiscordApiInteractionError or, when the service stops, ServiceUnavailableError; the settings are as before
   */
  async change(change: SettingsChange): Promise<SettingsAnswer> {
    if (!this.concernsDiscord(change)) return this.store(change);
    const before = await this.database.readSettings((manager) => readState(manager, change.guild_id));
    const after = decide(before, change);
    const work = await this.channels.carryOut(change, before.settings, after);
    const done = { before, categoryId: after.counterPanelCategoryChannel, deleted: work.deleted };
    try {
      return await this.store(change, work, done);
    } catch (error) {
      await this.channels.undo(work);
      throw error;
    }
  }

  /**
   * Erases everything that is stored of the guild; what happened there before is not stored any more. The channels of
   * its custom panels go as far as Discord lets them.
   */
  async erase(guildId: string): Promise<ErasedGuildAnswer> {
    const channels = await this.channels.ofGuild(guildId);
    await this.eraser.eraseGuild(guildId);
    await this.channels.deleteAsFarAsPossible(guildId, channels);
    return { guild_id: guildId, deleted: true };
  }

  private concernsDiscord(change: SettingsChange): boolean {
    const { counter_panel_custom_panels_create: creates = [], counter_panel_custom_panels_delete: deletes = [] } =
      change;
    if (creates.length + deletes.length > 0) return true;
    return this.channels.hasDiscord && CHANNEL_FIELDS.some((field) => (change[field] ?? null) !== null);
  }

  private store(change: SettingsChange, work?: PanelWork, done?: DoneInDiscord): Promise<SettingsAnswer> {
    const guildId = change.guild_id;
    return this.database.change(guildId, async (manager) => {
      const state = await readState(manager, guildId);
      const changed = decide(state, change, done);
      if (work) await storePanels(manager, work);
      for (const channelId of work?.deleted ?? []) clearChannel(changed, channelId);
      const { guildId: _, ...columns } = changed; // the key of a sharded table is never updated
      await manager.getRepository(GuildSettings).update({ guildId }, columns);
      await followSettings(manager, guildId);
      if (work || panelsDiffer(state.settings, changed)) await requestRefresh(manager, guildId, this.channels.now());
      await clearFormerProblem(manager, state.settings, changed);
      await catchUpWithStarboard(manager, state.settings, changed, this.channels.now());
      return readAnswer(manager, guildId, this.discord);
    });
  }
}

async function storePanels(manager: EntityManager, { guildId, creations, deleted }: PanelWork): Promise<void> {
  const panels = manager.getRepository(CounterPanel);
  for (const channelId of deleted) await panels.delete({ guildId, channelId });
  if (creations.length === 0) return;
  const all = creations.map(({ creation }) => creation);
  if (!(await finishCreations(manager, guildId, all))) {
    throw new DiscordApiInteractionError('Creating the channels took so long that they were given up');
  }
  await panels.insert(
    creations.map(({ panel, creation }) => ({
      guildId,
      channelId: creation.channelId!,
      channelName: panel.channel_name,
      roleId: panel.role_id,
    })),
  );
}

/** What new posts lacked in a former starboard channel is no problem any more; what entries there lack is met again. */
async function clearFormerProblem(manager: EntityManager, before: GuildSettings, after: GuildSettings) {
  const { guildId, starboardChannel } = before;
  if (starboardChannel === null || starboardChannel === after.starboardChannel) return;
  await clearStarboardProblem(manager, guildId, starboardChannel);
}

function panelsDiffer(before: GuildSettings, after: GuildSettings): boolean {
  return (
    [
      'counterPanelEnabled',
      'counterPanelMemberCountChannel',
      'counterPanelOnlineMemberCountChannel',
      'counterPanelServerBoostNumberChannel',
    ] as const
  ).some((property) => before[property] !== after[property]);
}
