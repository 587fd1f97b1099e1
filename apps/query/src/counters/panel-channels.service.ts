import { Injectable, Optional } from '@nestjs/common';
import { deleteChannel, dropCreationsOf, findCreatedChannels } from '#libs/counters';
import { DiscordClient } from '#libs/discord';
import { Clock, withDeadline } from '#libs/timing';
import { describeError, Logger, type LogIds } from '#libs/observability';
import { GuildDatabase } from '../database/guild-database.js';

/** How long an erasure tries to delete channels. In milliseconds. The ingestion service deletes the remaining ones. */
const DELETION_TIMEOUT_MS = 10_000;

/** Deletes the channels of custom panels when their guild is erased. */
@Injectable()
export class PanelChannels {
  constructor(
    private readonly database: GuildDatabase,
    private readonly clock: Clock,
    private readonly logger: Logger,
    @Optional() private readonly discord?: DiscordClient,
  ) {}

  /** The channels of the guild's custom panels, including those that are being created. Never throws. */
  async ofGuild(guildId: string, ids: LogIds): Promise<string[]> {
    if (this.discord === undefined) return [];
    try {
      return await this.database.read((manager) => findCreatedChannels(manager, guildId));
    } catch (error) {
      const details = { ...ids, error: describeError(error) };
      this.logger.warn(details, 'could not read the counter panel channels of a guild');
      return [];
    }
  }

  /**
   * Tries to delete channels of an erased guild in Discord within {@link DELETION_TIMEOUT_MS}. The ingestion service
   * deletes the remaining ones later. Never throws.
   */
  async tryDelete(guildId: string, channelIds: readonly string[], ids: LogIds): Promise<void> {
    const { discord } = this;
    if (discord === undefined || channelIds.length === 0) return;
    const outcomes = await withDeadline(
      { what: 'deleting the channels', ms: DELETION_TIMEOUT_MS, clock: this.clock },
      (signal) => Promise.allSettled(channelIds.map((channelId) => deleteChannel(discord, guildId, channelId, signal))),
    );
    const deleted = channelIds.filter((_, index) => outcomes[index]!.status === 'fulfilled');
    try {
      await this.database.write((manager) => dropCreationsOf(manager, guildId, deleted));
    } catch (error) {
      this.logger.warn(
        { ...ids, error: describeError(error) },
        'could not record that counter panel channels were deleted; they will be deleted again',
      );
    }
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
    if (failed.length === 0) return;
    const details = { ...ids, error: describeError(failed[0]!.reason), left: failed.length };
    this.logger.warn(details, 'could not delete counter panel channels of an erased guild; ingestion will retry');
  }
}
