import { BackOff, type Pauses } from './back-off.js';
import { systemClock, type Clock } from './clock.js';
import { WakeableSleep } from './wakeable-sleep.js';

export interface RoundsOptions {
  /** @param signal is aborted by `stop` */
  round: (signal: AbortSignal) => Promise<void>;
  /** From the end of a round to the next, in milliseconds. */
  everyMs: number;
  /** From the end of a round that failed to the next, instead. */
  afterFailure: Pauses;
  /** Called with what a round threw, and when the next one comes, in milliseconds. */
  onFailure: (error: unknown, pauseMs: number) => void;
  /** @defaultValue the system's */
  clock?: Clock;
}

/** Work that is done again and again, one round at a time. */
export class Rounds {
  private readonly stopping = new AbortController();
  private readonly backOff: BackOff;
  private readonly nap: WakeableSleep;
  private running?: Promise<void>;

  constructor(private readonly options: RoundsOptions) {
    this.backOff = new BackOff(options.afterFailure);
    this.nap = new WakeableSleep(options.clock ?? systemClock);
  }

  /** The first round begins at once. */
  start(): void {
    this.running ??= this.run();
  }

  /** The next round comes at once, or after the one that runs now. */
  wake(): void {
    this.nap.wake();
  }

  /** Resolves when the round that runs now is over; there is no other. */
  async stop(): Promise<void> {
    this.abort();
    await this.running;
  }

  /** Begins no other round. */
  abort(): void {
    this.stopping.abort();
    this.nap.wake();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) await this.nap.sleep(await this.doRound(signal));
  }

  /** @returns how long to sleep, in milliseconds */
  private async doRound(signal: AbortSignal): Promise<number> {
    try {
      await this.options.round(signal);
      this.backOff.succeeded();
      return this.options.everyMs;
    } catch (error) {
      const pauseMs = this.backOff.next();
      if (!signal.aborted) this.options.onFailure(error, pauseMs);
      return pauseMs;
    }
  }
}
