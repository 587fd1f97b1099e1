/** A clock that only moves when a test advances it, for the Discord client, its double and services. */
export class ManualClock {
  private readonly sleepers = new Set<Sleeper>();

  /** @param nowMs Unix milliseconds. The default is later than the ids that the doubles create. */
  constructor(private nowMs = Date.UTC(2026, 0, 15, 12)) {}

  now(): number {
    return this.nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const wake = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const sleeper: Sleeper = { ms, until: this.nowMs + ms, wake };
      const onAbort = () => {
        if (this.sleepers.delete(sleeper)) reject(signal!.reason as Error);
      };
      this.sleepers.add(sleeper);
      signal?.addEventListener('abort', onAbort);
    });
  }

  /** The lengths of the current sleeps in milliseconds, in the order in which they began. */
  get sleeping(): number[] {
    return [...this.sleepers].map(({ ms }) => ms);
  }

  advance(ms: number): void {
    this.nowMs += ms;
    for (const sleeper of this.sleepers) {
      if (sleeper.until > this.nowMs) continue;
      this.sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}

interface Sleeper {
  ms: number;
  until: number;
  wake(): void;
}
