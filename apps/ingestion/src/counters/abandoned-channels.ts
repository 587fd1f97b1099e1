import type { DataSource } from 'typeorm';
import {
  removeCreatedChannel,
  claimCreation,
  dropCreation,
  findDueCreations,
  postponeCreation,
  type ChannelCreation,
} from '#libs/counters';
import { DiscordError, isInGuild, MISSING_ACCESS, withDeadline, type Clock, type DiscordClient } from '#libs/discord';
import { describeError, type Logger } from '#libs/observability';
import type { CounterPanelMetrics } from './counter-panel.metrics.js';

const AT_ONCE = 20;
/** What one removal may take, and how long nobody else tries it. */
const REMOVAL_MS = 60_000;
const LEASE_MS = 2 * REMOVAL_MS;
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 6 * 60 * 60_000;

export interface AbandonedChannelsParts {
  dataSource: DataSource;
  discord: DiscordClient;
  clock: Clock;
  metrics: CounterPanelMetrics;
  logger: Logger;
}

/** Removes channels whose request never came to its end, so that none is left that nobody knows of. */
export class AbandonedChannels {
  constructor(private readonly parts: AbandonedChannelsParts) {}

  /** @throws the database's error, or the signal's reason */
  async remove(signal: AbortSignal): Promise<void> {
    const { dataSource, clock } = this.parts;
    for (const found of await findDueCreations(dataSource.manager, clock.now(), AT_ONCE)) {
      signal.throwIfAborted();
      const creation = await claimCreation(dataSource.manager, found, clock.now(), LEASE_MS);
      if (creation) await this.removeOne(creation, signal);
    }
  }

  private async removeOne(creation: ChannelCreation, signal: AbortSignal): Promise<void> {
    const { dataSource, clock, metrics, logger } = this.parts;
    try {
      const remove = (own: AbortSignal) => this.removeChannel(creation, own);
      if (await withDeadline(clock, REMOVAL_MS, remove, signal)) metrics.countRemoved();
      await dropCreation(dataSource.manager, creation);
    } catch (error) {
      signal.throwIfAborted();
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(creation.attempts - 1, 20), LONGEST_PAUSE_MS);
      logger.warn(
        { guild: creation.guildId, error: describeError(error) },
        'the channel of an abandoned counter panel could not be removed, trying again',
      );
      await postponeCreation(dataSource.manager, creation, new Date(clock.now() + pauseMs));
    }
  }

  /** @returns whether there was one; where the bot is no member any more, there is none for it */
  private async removeChannel(creation: ChannelCreation, signal: AbortSignal): Promise<boolean> {
    const { dataSource, discord } = this.parts;
    try {
      return await removeCreatedChannel(discord, dataSource.manager, creation, signal);
    } catch (error) {
      if (!(error instanceof DiscordError)) throw error;
      const mayBeLost = error.missingObject === 'guild' || error.code === MISSING_ACCESS;
      if (mayBeLost && (await isInGuild(discord, creation.guildId, signal)) === false) return false;
      throw error;
    }
  }
}
