import type { Clock } from '#libs/timing';
import { DiscordError } from './discord-error.js';

const RENAMES = 2;
const WINDOW_MS = 10 * 60_000;

/**
 * Enforces Discord's limit of two renames of a channel in ten minutes before the call, because too many refused
 * requests lead to a ban of the IP address. Renames by other instances are not known here; then Discord refuses.
 */
export class RenameBudget {
  /** The times of renames in Unix milliseconds, oldest first. The channel that was renamed last is the last key. */
  private readonly spent = new Map<string, number[]>();

  constructor(private readonly clock: Clock) {}

  /** @throws DiscordError `rate_limited` if the budget is used up */
  spend(channelId: string): void {
    this.forgetOldChannels();
    const times = this.recentTimes(channelId);
    if (times.length >= RENAMES) {
      const retryAfterMs = times[0]! + WINDOW_MS - this.clock.now();
      const route = `PATCH /channels/${channelId}`;
      const message = `${route}: renamed ${RENAMES} times within ten minutes, retry in ${Math.ceil(retryAfterMs / 1_000)} s`;
      throw new DiscordError(message, { kind: 'rate_limited', retryAfterMs, scope: 'user' }, { route });
    }
    this.spent.delete(channelId);
    this.spent.set(channelId, [...times, this.clock.now()]);
  }

  /** Undoes the last {@link spend}: the rename certainly had no effect. */
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
