import { pause, systemClock, type Clock } from './clock.js';

/** A sleep that can be ended early. If `wake` is called between two sleeps, the next one returns immediately. */
export class WakeableSleep {
  private isWoken = false;
  private wakeUp?: AbortController;

  constructor(private readonly clock: Clock = systemClock) {}

  wake(): void {
    this.isWoken = true;
    this.wakeUp?.abort();
  }

  /** Resolves after `ms` milliseconds, or after a call of {@link wake}. */
  async sleep(ms: number): Promise<void> {
    this.wakeUp = new AbortController();
    if (!this.isWoken) await pause(ms, this.wakeUp.signal, this.clock);
    this.wakeUp = undefined;
    this.isWoken = false;
  }
}
