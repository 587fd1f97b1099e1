import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { deleteChannel, dropCreationsOf, findCustomPanelChannels } from '#libs/counters';
import { type GuildSettings } from '#libs/database';
import { DiscordClient } from '#libs/discord';
import { Clock, DeadlineError, withDeadline } from '#libs/timing';
import { Logger } from '#libs/observability';
import { GuildDatabase } from '../database/guild-database.js';
import { BadRequestError, DiscordApiInteractionError, ServiceUnavailableError } from '../http/api-error.js';
import type { SettingsChange } from '../settings/settings-requests.dto.js';
import { channelsToCheck } from './channel-checks.js';
import { PanelRequest } from './panel-request.js';
import { PanelUndo, UNDO_MS } from './panel-undo.service.js';
import type { PanelWork } from './panel-work.js';

/** What a request may take for its work in Discord; taking it back after that ends within a minute of its beginning. */
const WORK_MS = 60_000 - UNDO_MS;
/** What an erasure may take for channels before it leaves them to others. */
const FAREWELL_MS = 10_000;

const NO_TOKEN =
  'Custom panels are channels that are created and deleted in Discord, which needs DISCORD_TOKEN to be set';

/** The channels of counter panels in Discord, as far as requests create, delete or name them. */
@Injectable()
export class PanelChannels implements OnModuleDestroy {
  private readonly stopping = new AbortController();

  constructor(
    private readonly database: GuildDatabase,
    private readonly panelUndo: PanelUndo,
    @Inject(DiscordClient) private readonly discord: DiscordClient | null,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Comes before the server waits for its requests: Discord may let them wait longer than the process has. */
  onModuleDestroy(): void {
    this.stopping.abort(new ServiceUnavailableError('The service is stopping, so the change was given up', {}));
  }

  get hasDiscord(): boolean {
    return this.discord !== null;
  }

  /** Unix milliseconds, by the clock that everything in Discord goes by. */
  now(): number {
    return this.clock.now();
  }

  /**
   * Checks the channels that a change names, creates channels for its panels, and deletes those of panels that go.
   * Nothing is stored but that it is under way; whoever cannot store the rest calls `undo`.
   *
   * @throws BadRequestError for channels that do not belong to the guild or the category, and for unknown roles
   * @throws DiscordApiInteractionError when Discord refuses or does not answer; then what was created is removed again
   * @throws ServiceUnavailableError when the service stops; then what was created is removed later
   */
  async carryOut(change: SettingsChange, before: GuildSettings, after: GuildSettings): Promise<PanelWork> {
    const { counter_panel_custom_panels_create: creates = [], counter_panel_custom_panels_delete: deletes = [] } =
      change;
    const work: PanelWork = { guildId: change.guild_id, creations: [], deleted: new Set() };
    const { discord } = this;
    if (discord === null) {
      if (creates.length + deletes.length > 0) throw new DiscordApiInteractionError(NO_TOKEN);
      return work;
    }
    const categoryId = after.counterPanelCategoryChannel;
    if (creates.length > 0 && categoryId === null) {
      const message = 'is needed to create custom panels';
      throw new BadRequestError([{ field: 'counter_panel_category_channel', message }]);
    }
    const { database, clock } = this;
    try {
      await this.withinTime(async (signal) => {
        const request = new PanelRequest({ discord, database, clock }, work, signal);
        await request.check(channelsToCheck(before, after), categoryId);
        if (creates.length > 0) await request.create(creates, categoryId!);
        for (const channelId of deletes) await request.delete(channelId);
      });
    } catch (error) {
      await this.undo(work);
      throw error;
    }
    return work;
  }

  /** Removes what was created, now or later. Never throws. */
  async undo(work: PanelWork): Promise<void> {
    if (this.discord === null || work.creations.length + work.deleted.size === 0) return;
    await this.panelUndo.undo(this.discord, work, this.stopping.signal);
  }

  /** The channels of the guild's custom panels, those that are being created too. Never throws. */
  async ofGuild(guildId: string): Promise<string[]> {
    if (this.discord === null) return [];
    try {
      return await this.database.read((manager) => findCustomPanelChannels(manager, guildId));
    } catch (error) {
      this.logger.warn(
        { guild: guildId, err: error },
        'the channels of the counter panels of a guild could not be read',
      );
      return [];
    }
  }

  /**
   * Deletes channels of an erased guild as far as Discord plays along within some seconds; the ingestion service removes
   * the others. Never throws.
   */
  async deleteAsFarAsPossible(guildId: string, channelIds: readonly string[]): Promise<void> {
    const { discord } = this;
    if (discord === null || channelIds.length === 0) return;
    const outcomes = await withDeadline(
      { what: 'deleting the channels', ms: FAREWELL_MS, clock: this.clock },
      (signal) => Promise.allSettled(channelIds.map((channelId) => deleteChannel(discord, guildId, channelId, signal))),
    );
    const deleted = channelIds.filter((_, index) => outcomes[index]!.status === 'fulfilled');
    try {
      await this.database.write((manager) => dropCreationsOf(manager, guildId, deleted));
    } catch (error) {
      this.logger.warn({ err: error }, 'channels of counter panels that are gone are looked for again');
    }
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
    if (failed.length === 0) return;
    const details = { guild: guildId, err: failed[0]!.reason as Error, left: failed.length };
    this.logger.warn(details, 'channels of counter panels of an erased guild are left to be removed later');
  }

  /** @throws DiscordApiInteractionError when the time is over, or ServiceUnavailableError when the service stops */
  private async withinTime(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      const { signal } = this.stopping;
      await withDeadline({ what: 'the change', ms: WORK_MS, signal, clock: this.clock }, work);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      throw new DiscordApiInteractionError(`Discord was too slow: ${error.message}`, error);
    }
  }
}
