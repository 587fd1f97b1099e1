import { Injectable, Optional } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { GuildSettings } from '#libs/database';
import { DiscordClient } from '#libs/discord';
import type { LogIds } from '#libs/observability';
import { Clock } from '#libs/timing';
import { GuildDatabase } from '../database/guild-database.js';
import { GuildEraser } from '../database/guild-eraser.js';
import { DiscordWork } from '../discord/discord-work.service.js';
import { checkNamedChannels } from './channel-checks.js';
import type { ErasedGuildAnswer, SettingsAnswer } from './settings-answer.dto.js';
import { decide, type DoneInDiscord } from './settings-decision.js';
import type { SettingsChange } from './settings-part.js';
import { deletedChannels, SettingsParts, type GuildState } from './settings-parts.js';

/** Reads, changes and erases the settings of a guild. */
@Injectable()
export class SettingsService {
  constructor(
    private readonly database: GuildDatabase,
    private readonly eraser: GuildEraser,
    private readonly parts: SettingsParts,
    private readonly discordWork: DiscordWork,
    private readonly clock: Clock,
    @Optional() private readonly discord?: DiscordClient,
  ) {}

  /** @throws ModuleDisabledError */
  get(guildId: string): Promise<SettingsAnswer> {
    return this.database.readSettings((manager) => this.readAnswer(manager, guildId));
  }

  /** Changes all settings. The rules are checked first, because they depend only on the request. */
  async replace(change: SettingsChange, ids: LogIds): Promise<SettingsAnswer> {
    this.parts.checkRules(change);
    return this.change(change, ids);
  }

  /**
   * Checks the change, runs its tasks in Discord, and then stores it under the lock of the guild. The lock is not held
   * during calls of Discord. If the settings have changed in the meantime so that they conflict, or cannot be stored,
   * the tasks are undone.
   *
   * @throws ModuleDisabledError
   * @throws BadRequestError if the change is based on outdated settings or conflicts with the current ones, or if a
   *   channel is not in the guild or has an unsuitable type
   * @throws DiscordApiInteractionError or, during shutdown, ServiceUnavailableError; the settings are then unchanged
   */
  async change(change: SettingsChange, ids: LogIds): Promise<SettingsAnswer> {
    if (!this.concernsDiscord(change)) return this.store(change);
    const before = await this.database.readSettings((manager) => this.parts.read(manager, change.guild_id));
    const after = decide(this.parts, before, change);
    const done = { before, tasks: this.parts.discordTasks(change, after, ids) };
    try {
      await this.runInDiscord(done, after);
      return await this.store(change, done);
    } catch (error) {
      for (const task of done.tasks) await task?.undo(this.discordWork.stopSignal);
      throw error;
    }
  }

  /**
   * Erases all data of the guild. Events from before the erasure are not stored afterwards. Channels that were created
   * in Discord are deleted on a best-effort basis.
   */
  async erase(guildId: string, ids: LogIds): Promise<ErasedGuildAnswer> {
    const cleanUp = await this.parts.beforeErasure(guildId, ids);
    await this.eraser.eraseGuild(guildId, ids);
    await cleanUp();
    return { guild_id: guildId, deleted: true };
  }

  private concernsDiscord(change: SettingsChange): boolean {
    if (this.parts.needDiscord(change)) return true;
    return this.discord !== undefined && this.parts.channelsIn(change).length > 0;
  }

  /** @throws DiscordApiInteractionError after a timeout, or ServiceUnavailableError during shutdown */
  private async runInDiscord({ before, tasks }: DoneInDiscord, after: GuildState): Promise<void> {
    const { discord, clock } = this;
    if (discord === undefined) return;
    const named = this.parts.namedChannels(before, after);
    await this.discordWork.run(async (signal) => {
      await checkNamedChannels({ discord, clock }, after.settings.guildId, named, signal);
      for (const task of tasks) await task?.run(signal);
    });
  }

  private store(change: SettingsChange, done?: DoneInDiscord): Promise<SettingsAnswer> {
    const guildId = change.guild_id;
    return this.database.change(guildId, async (manager) => {
      const before = await this.parts.read(manager, guildId);
      const after = decide(this.parts, before, change, done);
      this.parts.forgetChannels(after, deletedChannels(done?.tasks));
      const { guildId: _, ...columns } = after.settings; // the sharding key must not be updated
      await manager.getRepository(GuildSettings).update({ guildId }, columns);
      await this.parts.store(manager, before, after, done?.tasks);
      return this.readAnswer(manager, guildId);
    });
  }

  private async readAnswer(manager: EntityManager, guildId: string): Promise<SettingsAnswer> {
    const state = await this.parts.read(manager, guildId);
    const answer = await this.parts.answer(manager, state);
    return { guild_id: guildId, ...answer, updated_at: state.settings.updatedAt.toISOString() };
  }
}
