import pLimit, { type LimitFunction } from 'p-limit';
import { untilAborted } from '#libs/timing';

/** Calls of one guild that may be under way at once, waits included. */
const PER_GUILD = 4;
/** Requests that may be on their way at once. */
const IN_ALL = 64;

/** Bounds what is under way. Each guild has a limit of its own, so that a slow one holds back itself alone. */
export class CallLimits {
  private readonly byGuild = new Map<string, LimitFunction>();
  private readonly everything = pLimit(IN_ALL);

  /** @throws the signal's reason when it is aborted before the work has begun, or what the work throws */
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

  /** Likewise. Work that begins after the signal was aborted has to notice by itself. */
  async request<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return untilAborted(signal, this.everything(work));
  }
}
