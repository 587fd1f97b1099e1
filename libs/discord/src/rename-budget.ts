import type { Clock } from '#libs/timing';
import { DiscordError } from './discord-error.js';

const RENAMES = 2;
const WINDOW_MS = 10 * 60_000;

/**
 * Discord's limit of two renames of a channel in ten minutes, known beforehand: being refused too often ends in a ban
 * of the address. What other instances renamed is not known here; then Discord refuses.
 */
export class RenameBudget {
  /** When each channel was renamed, in Unix milliseconds, oldest first; the channel renamed last stands last. */
  private readonly spent = new Map<string, number[]>();

  constructor(private readonly clock: Clock) {}

  /** @throws DiscordError `rate_limited` when there is nothing left */
  spend(channelId: string): void {
    this.forgetOldChannels();
    const times = this.recentTimes(channelId);
    if (times.length >= RENAMES) {
      const retryAfterMs = times[0]! + WINDOW_MS - this.clock.now();
      const route = `PATCH /channels/${channelId}`;
      const message = `${route}: renamed ${RENAMES} times within ten minutes, again in ${Math.ceil(retryAfterMs / 1_000)} s`;
      throw new DiscordError(message, { kind: 'rate_limited', retryAfterMs, scope: 'user' }, { route });
    }
    this.spent.delete(channelId);
    this.spent.set(channelId, [...times, this.clock.now()]);
  }

  /** The last rename was certainly not done. */
  giveBack(channelId: string): void {
    this.spent.get(channelId)?.pop();
  }

  private recentTimes(channelId: string): number[] {
    const windowStart = this.clock.now() - WINDOW_MS;
    return (this.spent.get(channelId) ?? []).filter((time) => time > windowStart);
  }

  private forgetOldChannels(): void {
    for (const channelId of this.spent.keys()) {
      if (this.recentTimes(channelId).length > 0) return;
      this.spent.delete(channelId);
    }
  }
}
