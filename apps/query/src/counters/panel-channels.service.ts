import { Injectable, Optional } from '@nestjs/common';
import { deleteChannel, dropCreationsOf, findCustomPanelChannels } from '#libs/counters';
import { DiscordClient } from '#libs/discord';
import { Clock, withDeadline } from '#libs/timing';
import { describeError, Logger, type LogIds } from '#libs/observability';
import { GuildDatabase } from '../database/guild-database.js';

/** What an erasure may take for channels before it leaves them to others. */
const FAREWELL_MS = 10_000;

/** The channels of the custom panels of a guild that is being erased. */
@Injectable()
export class PanelChannels {
  constructor(
    private readonly database: GuildDatabase,
    private readonly clock: Clock,
    private readonly logger: Logger,
    @Optional() private readonly discord?: DiscordClient,
  ) {}

  /** The channels of the guild's custom panels, those that are being created too. Never throws. */
  async ofGuild(guildId: string, ids: LogIds): Promise<string[]> {
    if (this.discord === undefined) return [];
    try {
      return await this.database.read((manager) => findCustomPanelChannels(manager, guildId));
    } catch (error) {
      this.logger.warn(
        { ...ids, error: describeError(error) },
        'the channels of the counter panels of a guild could not be read',
      );
      return [];
    }
  }

  /**
   * Deletes channels of an erased guild as far as Discord plays along within some seconds; the ingestion service removes
   * the others. Never throws.
   */
  async deleteAsFarAsPossible(guildId: string, channelIds: readonly string[], ids: LogIds): Promise<void> {
    const { discord } = this;
    if (discord === undefined || channelIds.length === 0) return;
    const outcomes = await withDeadline(
      { what: 'deleting the channels', ms: FAREWELL_MS, clock: this.clock },
      (signal) => Promise.allSettled(channelIds.map((channelId) => deleteChannel(discord, guildId, channelId, signal))),
    );
    const deleted = channelIds.filter((_, index) => outcomes[index]!.status === 'fulfilled');
    try {
      await this.database.write((manager) => dropCreationsOf(manager, guildId, deleted));
    } catch (error) {
      const details = { ...ids, error: describeError(error) };
      this.logger.warn(details, 'channels of counter panels that are gone are looked for again');
    }
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
    if (failed.length === 0) return;
    const details = { ...ids, error: describeError(failed[0]!.reason), left: failed.length };
    this.logger.warn(details, 'channels of counter panels of an erased guild are left to be removed later');
  }
}
