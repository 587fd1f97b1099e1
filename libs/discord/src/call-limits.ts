import pLimit, { type LimitFunction } from 'p-limit';
import { untilAborted } from '#libs/timing';

/** The maximum number of concurrent calls of one guild, including those that wait. */
const PER_GUILD = 4;
/** The maximum number of concurrent requests. */
const TOTAL = 64;

/** Limits concurrency. Each guild has its own limit, so that a slow guild delays only itself. */
export class CallLimits {
  private readonly byGuild = new Map<string, LimitFunction>();
  private readonly everything = pLimit(TOTAL);

  /** @throws the signal's reason if it aborts before the work has started; the error of the work */
  async call<T>(guildId: string | undefined, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const key = guildId ?? '';
    const limit = this.byGuild.get(key) ?? pLimit(PER_GUILD);
    this.byGuild.set(key, limit);
    try {
      return await untilAborted(signal, limit(work));
    } finally {
      if (limit.activeCount + limit.pendingCount === 0) this.byGuild.delete(key);
    }
  }

  /** As {@link call}. The work may start after the signal was aborted and has to check that. */
  async request<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return untilAborted(signal, this.everything(work));
  }
}
