import type { DataSource } from 'typeorm';
import {
  abandonedCreations,
  deleteChannel,
  findCreatedChannel,
  saveCreatedChannel,
  saveFailedRemoval,
  type ClaimedCreation,
} from '#libs/counters';
import {
  DiscordError,
  explainDiscordError,
  isInGuild,
  MISSING_ACCESS,
  TO_CHANGE_VOICE,
  type DiscordClient,
} from '#libs/discord';
import { describeError, type Logger } from '#libs/observability';
import { withDeadline, type Clock } from '#libs/timing';
import type { CounterPanelMetrics } from './counter-panel.metrics.js';

const BATCH_SIZE = 20;
/** The deadline of one removal. */
const REMOVAL_MS = 60_000;

export interface AbandonedChannelsParts {
  dataSource: DataSource;
  discord: DiscordClient;
  clock: Clock;
  metrics: CounterPanelMetrics;
  logger: Logger;
}

/** Removes channels whose request did not finish, so that no unused channel remains. */
export class AbandonedChannels {
  constructor(private readonly parts: AbandonedChannelsParts) {}

  /** @throws the database's error, or the signal's reason */
  async remove(signal: AbortSignal): Promise<void> {
    const { dataSource } = this.parts;
    for (const due of await abandonedCreations.findDue(dataSource, BATCH_SIZE)) {
      signal.throwIfAborted();
      const creation = await abandonedCreations.claim(dataSource, due);
      if (creation) await this.removeOne(creation, signal);
    }
  }

  private async removeOne(creation: ClaimedCreation, signal: AbortSignal): Promise<void> {
    const { dataSource, clock, metrics } = this.parts;
    try {
      const deadline = { what: 'removing the channel', ms: REMOVAL_MS, signal, clock };
      if (await withDeadline(deadline, (own) => this.removeChannel(creation, own))) metrics.countRemoved();
      await abandonedCreations.drop(dataSource, creation);
    } catch (error) {
      signal.throwIfAborted();
      await this.saveFailure(creation, error);
    }
  }

  /** If Discord refuses the removal permanently, it is given up. The status of the counters then lists the channel. */
  private async saveFailure(creation: ClaimedCreation, error: unknown): Promise<void> {
    const { dataSource, logger } = this.parts;
    const isGivenUp = isRefusal(error) && creation.isHopeless;
    logger.warn(
      { guild_id: creation.guildId, attempts: creation.attempts + 1, error: describeError(error) },
      isGivenUp
        ? 'removing an abandoned counter channel failed, giving up'
        : 'removing an abandoned counter channel failed, retrying',
    );
    await saveFailedRemoval(dataSource.manager, creation, explain(creation, error), isGivenUp);
  }

  /** @returns whether a channel existed; false if the bot is not in the guild any more */
  private async removeChannel(creation: ClaimedCreation, signal: AbortSignal): Promise<boolean> {
    const { discord } = this.parts;
    const { guildId } = creation;
    try {
      const channelId = creation.channelId ?? (await this.findChannel(creation, signal));
      if (channelId !== undefined) await deleteChannel(discord, guildId, channelId, signal);
      return channelId !== undefined;
    } catch (error) {
      if (!(error instanceof DiscordError)) throw error;
      const mayBeLost = error.missingObject === 'guild' || error.code === MISSING_ACCESS;
      if (mayBeLost && (await isInGuild(discord, guildId, signal)) === false) return false;
      throw error;
    }
  }

  /** Stores the id of the channel, so that the status can name it if the removal fails. */
  private async findChannel(creation: ClaimedCreation, signal: AbortSignal): Promise<string | undefined> {
    const { manager } = this.parts.dataSource;
    const channelId = await findCreatedChannel(this.parts.discord, manager, creation, signal);
    if (channelId !== undefined) await saveCreatedChannel(manager, { ...creation, channelId });
    return channelId;
  }
}

/** Whether Discord refused, and will refuse again until somebody changes something in the server. */
function isRefusal(error: unknown): boolean {
  return error instanceof DiscordError && ['forbidden', 'not_found', 'rejected'].includes(error.kind);
}

/** One sentence for people. */
function explain({ channelId }: ClaimedCreation, error: unknown): string {
  if (!(error instanceof DiscordError)) return 'The channel could not be deleted';
  const where = { channelId: channelId ?? undefined, needed: TO_CHANGE_VOICE };
  return explainDiscordError(error, { action: 'delete the channel', ...where });
}
