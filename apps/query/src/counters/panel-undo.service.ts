import { Injectable } from '@nestjs/common';
import {
  deleteChannel,
  removeCreatedChannel,
  abandonCreations,
  dropCreation,
  findCreatedChannels,
} from '#libs/counters';
import { forgetChannel } from '#libs/settings';
import type { DiscordClient } from '#libs/discord';
import { Clock, withDeadline } from '#libs/timing';
import { describeError, Logger, type LogIds } from '#libs/observability';
import { GuildDatabase } from '../database/guild-database.js';
import { UNDO_TIMEOUT_MS } from '../discord/discord-work.service.js';
import type { PanelCreation, PanelProgress } from './panel-progress.js';

/** After this time, the ingestion service deletes channels that were not deleted here. In milliseconds. */
const LEFT_TO_INGESTION_AFTER_MS = 60_000;

/** Undoes what a failed request changed in Discord. */
@Injectable()
export class PanelUndo {
  constructor(
    private readonly database: GuildDatabase,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /**
   * Never throws. What it cannot undo, or not before the signal aborts, stays in the database as a task for the
   * ingestion service.
   */
  async undo(discord: DiscordClient, progress: PanelProgress, signal: AbortSignal): Promise<void> {
    try {
      const lost = await this.abandon(progress);
      const removeAll = async (own: AbortSignal) => {
        for (const creation of lost) await this.remove(discord, creation, own, progress.ids);
      };
      await withDeadline({ what: 'undoing the change', ms: UNDO_TIMEOUT_MS, signal, clock: this.clock }, removeAll);
    } catch (error) {
      this.logger.warn(
        { ...progress.ids, error: describeError(error) },
        'could not delete the counter panel channels of a failed request; ingestion will retry',
      );
    }
    await this.forgetDeleted(progress);
  }

  /** A deleted channel cannot be restored, so its panel is removed, as after `channel.deleted`. */
  private async forgetDeleted({ guildId, ids, deleted }: PanelProgress): Promise<void> {
    for (const channelId of deleted) {
      try {
        await this.database.change(guildId, (manager) => forgetChannel(manager, guildId, channelId));
      } catch (error) {
        this.logger.warn(
          { ...ids, error: describeError(error) },
          'could not remove a counter panel whose channel was deleted; ingestion will remove it',
        );
      }
    }
  }

  /**
   * Gives up the creations. If the COMMIT got no response, it may have succeeded, and then stored channels must be
   * kept. A creation may also be missing because the guild was erased; then its channel is not stored anywhere.
   *
   * @returns the creations whose channels must be deleted
   */
  private async abandon({ guildId, creations }: PanelProgress): Promise<PanelCreation[]> {
    if (creations.length === 0) return [];
    const all = creations.map(({ creation }) => creation);
    return this.database.write(async (manager) => {
      const abandoned = await abandonCreations(manager, guildId, all, LEFT_TO_INGESTION_AFTER_MS);
      const named = new Set(await findCreatedChannels(manager, guildId));
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
      if (state === 'requested') {
        const wasThere = await this.database.read((manager) =>
          removeCreatedChannel(discord, manager, creation, signal),
        );
        // Discord may still create it.
        if (!wasThere) return;
      }
      await this.database.write((manager) => dropCreation(manager, creation));
    } catch (error) {
      signal.throwIfAborted();
      this.logger.warn(
        { ...ids, error: describeError(error) },
        'could not delete the channel of a counter panel; ingestion will retry',
      );
    }
  }
}
