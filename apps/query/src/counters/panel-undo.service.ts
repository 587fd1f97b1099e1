import { Injectable } from '@nestjs/common';
import {
  deleteChannel,
  removeCreatedChannel,
  abandonCreations,
  dropCreation,
  findCustomPanelChannels,
} from '#libs/counters';
import { forgetChannel } from '#libs/settings';
import type { DiscordClient } from '#libs/discord';
import { Clock, withDeadline } from '#libs/timing';
import { describeError, Logger, type LogIds } from '#libs/observability';
import { GuildDatabase } from '../database/guild-database.js';
import { UNDO_MS } from '../settings/settings-part.js';
import type { PanelCreation, PanelProgress } from './panel-progress.js';

/** From then on the ingestion service removes what could not be removed here, or was not there yet. */
const LEFT_TO_OTHERS_AFTER_MS = 60_000;

/** Takes back in Discord what a request did there and could not store. */
@Injectable()
export class PanelUndo {
  constructor(
    private readonly database: GuildDatabase,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /**
   * Never throws: what it cannot do, or not before the signal is aborted, stays in the database as work for the
   * ingestion service.
   */
  async undo(discord: DiscordClient, progress: PanelProgress, signal: AbortSignal): Promise<void> {
    try {
      const lost = await this.abandon(progress);
      const removeAll = async (own: AbortSignal) => {
        for (const creation of lost) await this.remove(discord, creation, own, progress.ids);
      };
      await withDeadline({ what: 'taking the change back', ms: UNDO_MS, signal, clock: this.clock }, removeAll);
    } catch (error) {
      this.logger.warn(
        { ...progress.ids, error: describeError(error) },
        'channels of counter panels are left to be removed later',
      );
    }
    await this.forgetDeleted(progress);
  }

  /** A deleted channel does not come back, so its panel goes, as it does with `channel.deleted`. */
  private async forgetDeleted({ guildId, ids, deleted }: PanelProgress): Promise<void> {
    for (const channelId of deleted) {
      try {
        await this.database.change(guildId, (manager) => forgetChannel(manager, guildId, channelId));
      } catch (error) {
        this.logger.warn(
          { ...ids, error: describeError(error) },
          'a counter panel whose channel is gone is left to be found later',
        );
      }
    }
  }

  /**
   * Of a COMMIT that got no answer nobody knows whether it was done: what is stored after all must stay. A creation may
   * also be gone because the guild was erased; then its channel is stored nowhere.
   *
   * @returns what is to be removed
   */
  private async abandon({ guildId, creations }: PanelProgress): Promise<PanelCreation[]> {
    if (creations.length === 0) return [];
    const all = creations.map(({ creation }) => creation);
    return this.database.write(async (manager) => {
      const abandoned = await abandonCreations(manager, guildId, all, LEFT_TO_OTHERS_AFTER_MS);
      const named = new Set(await findCustomPanelChannels(manager, guildId));
      return creations.filter(({ creation: { id, channelId } }) => abandoned.has(id) || !named.has(channelId ?? ''));
    });
  }

  private async remove(
    discord: DiscordClient,
    { creation, state }: PanelCreation,
    signal: AbortSignal,
    ids: LogIds,
  ): Promise<void> {
    try {
      if (state === 'created') await deleteChannel(discord, creation.guildId, creation.channelId!, signal);
      if (state === 'asked') {
        const wasThere = await this.database.read((manager) =>
          removeCreatedChannel(discord, manager, creation, signal),
        );
        // It may still appear.
        if (!wasThere) return;
      }
      await this.database.write((manager) => dropCreation(manager, creation));
    } catch (error) {
      signal.throwIfAborted();
      this.logger.warn(
        { ...ids, error: describeError(error) },
        'the channel of a counter panel is left to be removed later',
      );
    }
  }
}
