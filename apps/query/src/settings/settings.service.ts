import { Injectable, Optional, type OnModuleDestroy } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { GuildSettings } from '#libs/database';
import { DiscordClient } from '#libs/discord';
import type { LogIds } from '#libs/observability';
import { Clock, DeadlineError, withDeadline } from '#libs/timing';
import { GuildDatabase } from '../database/guild-database.js';
import { GuildEraser } from '../database/guild-eraser.js';
import { DiscordApiInteractionError, ServiceUnavailableError } from '../http/api-error.js';
import { checkNamedChannels } from './channel-checks.js';
import type { ErasedGuildAnswer, SettingsAnswer } from './settings-answer.dto.js';
import { decide, type DoneInDiscord } from './settings-decision.js';
import { WORK_MS, type SettingsChange } from './settings-part.js';
import { goneChannels, SettingsParts, type GuildState } from './settings-parts.js';

/** Reads, changes and erases what is set in a guild. */
@Injectable()
export class SettingsService implements OnModuleDestroy {
  private readonly stopping = new AbortController();

  constructor(
    private readonly database: GuildDatabase,
    private readonly eraser: GuildEraser,
    private readonly parts: SettingsParts,
    private readonly clock: Clock,
    @Optional() private readonly discord?: DiscordClient,
  ) {}

  /** Comes before the server waits for its requests: Discord may let them wait longer than the process has. */
  onModuleDestroy(): void {
    this.stopping.abort(new ServiceUnavailableError('The service is stopping, so the change was given up', {}));
  }

  /** @throws ModuleDisabledError */
  get(guildId: string): Promise<SettingsAnswer> {
    return this.database.readSettings((manager) => this.readAnswer(manager, guildId));
  }

  /** A change that names every setting: its rules are a matter of its form, and come before the guild's state. */
  async replace(change: SettingsChange, ids: LogIds): Promise<SettingsAnswer> {
    this.parts.checkRules(change);
    return this.change(change, ids);
  }

  /**
   * Decides what the change makes of the settings, does in Discord what it must, and stores the rest under the lock of
   * the guild, which is not held while Discord is asked; what was done is undone when the settings do not fit it any
   * more, or cannot be stored.
   *
   * @throws ModuleDisabledError
   * @throws BadRequestError for a change that was made from older settings, or does not fit those of now, and for
   *   channels that do not belong to the guild or cannot serve
   * @throws DiscordApiInteractionError or, when the service stops, ServiceUnavailableError; the settings are as before
   */
  async change(change: SettingsChange, ids: LogIds): Promise<SettingsAnswer> {
    if (!this.concernsDiscord(change)) return this.store(change);
    const before = await this.database.readSettings((manager) => this.parts.read(manager, change.guild_id));
    const after = decide(this.parts, before, change);
    const done = { before, works: this.parts.works(change, after, ids) };
    try {
      await this.workInDiscord(done, after);
      return await this.store(change, done);
    } catch (error) {
      for (const work of done.works) await work?.undo(this.stopping.signal);
      throw error;
    }
  }

  /**
   * Erases everything that is stored of the guild; what happened there before is not stored any more. What was created
   * for it in Discord goes as far as Discord lets it.
   */
  async erase(guildId: string, ids: LogIds): Promise<ErasedGuildAnswer> {
    const farewell = await this.parts.beforeErasure(guildId, ids);
    await this.eraser.eraseGuild(guildId, ids);
    await farewell();
    return { guild_id: guildId, deleted: true };
  }

  private concernsDiscord(change: SettingsChange): boolean {
    if (this.parts.needDiscord(change)) return true;
    return this.discord !== undefined && this.parts.channelsIn(change).length > 0;
  }

  /** @throws DiscordApiInteractionError when the time is over, or ServiceUnavailableError when the service stops */
  private async workInDiscord({ before, works }: DoneInDiscord, after: GuildState): Promise<void> {
    const { discord, clock } = this;
    if (discord === undefined) return;
    const named = this.parts.namedChannels(before, after);
    const work = async (signal: AbortSignal) => {
      await checkNamedChannels({ discord, clock }, after.settings.guildId, named, signal);
      for (const ofPart of works) await ofPart?.run(signal);
    };
    try {
      const { signal } = this.stopping;
      await withDeadline({ what: 'the change', ms: WORK_MS, signal, clock }, work);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      throw new DiscordApiInteractionError(`Discord was too slow: ${error.message}`, error);
    }
  }

  private store(change: SettingsChange, done?: DoneInDiscord): Promise<SettingsAnswer> {
    const guildId = change.guild_id;
    return this.database.change(guildId, async (manager) => {
      const before = await this.parts.read(manager, guildId);
      const after = decide(this.parts, before, change, done);
      this.parts.forgetChannels(after, goneChannels(done?.works));
      const { guildId: _, ...columns } = after.settings; // the key of a sharded table is never updated
      await manager.getRepository(GuildSettings).update({ guildId }, columns);
      await this.parts.store(manager, before, after, done?.works);
      return this.readAnswer(manager, guildId);
    });
  }

  private async readAnswer(manager: EntityManager, guildId: string): Promise<SettingsAnswer> {
    const state = await this.parts.read(manager, guildId);
    const answer = await this.parts.answer(manager, state);
    return { guild_id: guildId, ...answer, updated_at: state.settings.updatedAt.toISOString() };
  }
}
