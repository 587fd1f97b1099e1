import { pause, systemClock, type Clock } from './clock.js';

/** The sleep of a loop that others may wake. A wake that comes while the loop works ends its next sleep at once. */
export class WakeableSleep {
  private isWanted = false;
  private wakeUp?: AbortController;

  constructor(private readonly clock: Clock = systemClock) {}

  wake(): void {
    this.isWanted = true;
    this.wakeUp?.abort();
  }

  /** Resolves after so many milliseconds, or when somebody wakes it. */
  async sleep(ms: number): Promise<void> {
    this.wakeUp = new AbortController();
    if (!this.isWanted) await pause(ms, this.wakeUp.signal, this.clock);
    this.wakeUp = undefined;
    this.isWanted = false;
  }
}
