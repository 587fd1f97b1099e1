import { BackOff, type Pauses } from './back-off.js';
import { systemClock, type Clock } from './clock.js';
import { WakeableSleep } from './wakeable-sleep.js';

export interface RoundsOptions {
  /** @param signal is aborted by `stop` */
  round: (signal: AbortSignal) => Promise<void>;
  /** The pause between two rounds, in milliseconds. */
  everyMs: number;
  /** The pauses after failed rounds. */
  afterFailure: Pauses;
  /** Called with the error of a round and the pause before the next one, in milliseconds. */
  onFailure: (error: unknown, pauseMs: number) => void;
  /** @defaultValue the system clock */
  clock?: Clock;
}

/** Repeats work in the background, one round at a time. */
export class Rounds {
  private readonly stopping = new AbortController();
  private readonly backOff: BackOff;
  private readonly sleeper: WakeableSleep;
  private running?: Promise<void>;

  constructor(private readonly options: RoundsOptions) {
    this.backOff = new BackOff(options.afterFailure);
    this.sleeper = new WakeableSleep(options.clock ?? systemClock);
  }

  /** Starts the first round immediately. */
  start(): void {
    this.running ??= this.run();
  }

  /** Starts the next round immediately, or right after the current one. */
  wake(): void {
    this.sleeper.wake();
  }

  /** Aborts the current round and waits for it. No other round is started. */
  async stop(): Promise<void> {
    this.abort();
    await this.running;
  }

  /** Like {@link stop}, without waiting for the current round. */
  abort(): void {
    this.stopping.abort();
    this.sleeper.wake();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) await this.sleeper.sleep(await this.doRound(signal));
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
