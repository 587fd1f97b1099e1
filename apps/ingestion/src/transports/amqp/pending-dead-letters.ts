import { DeadlineError, withDeadline } from '#libs/timing';
import type { DeadLetter } from '../../intake/dead-letter.js';
import type { DeadLetterPublisher } from './dead-letter.publisher.js';

export interface PendingDeadLettersOptions<D> {
  publisher: Pick<DeadLetterPublisher, 'publish' | 'obstacle'>;
  /** The dead letters of this delivery were not taken in time: it waits by itself from now on. */
  onLate(delivery: D, letters: readonly DeadLetter[]): void;
  /** The broker has taken the dead letters of a delivery that was late. */
  onTaken(delivery: D): void;
  /** A delivery has waited for longer than it may be held. */
  onHeldTooLong(delivery: D): void;
  /** How long a delivery may wait, in milliseconds. */
  longestHoldMs(delivery: D): number;
}

interface Pending {
  stop: AbortController;
  /** Only of a late delivery. */
  timer?: NodeJS.Timeout;
}

/** While nothing is wrong, confirms come within milliseconds. */
const PATIENCE_MS = 1_000;

/** The deliveries of one session whose dead letters the broker has not taken yet. They stay unacknowledged. */
export class PendingDeadLetters<D> {
  private readonly pending = new Map<D, Pending>();

  constructor(private readonly options: PendingDeadLettersOptions<D>) {}

  has(delivery: D): boolean {
    return this.pending.has(delivery);
  }

  get size(): number {
    return this.pending.size;
  }

  /** Resolves when all of them are taken, or when some have to wait: those are late. */
  async publish(lettersOf: ReadonlyMap<D, readonly DeadLetter[]>): Promise<void> {
    const all = Promise.all([...lettersOf].map(([delivery, letters]) => this.publishOf(delivery, letters)));
    if (this.options.publisher.obstacle === undefined) {
      await withDeadline({ what: 'the confirms of dead letters', ms: PATIENCE_MS }, all).catch(throwUnlessLate);
    }
    for (const [delivery, letters] of lettersOf) this.noteLate(delivery, letters);
  }

  /** Forgets all of them. */
  clear(): void {
    for (const delivery of [...this.pending.keys()]) this.forget(delivery);
  }

  private async publishOf(delivery: D, letters: readonly DeadLetter[]): Promise<void> {
    const pending: Pending = { stop: new AbortController() };
    this.pending.set(delivery, pending);
    await this.options.publisher.publish(letters, pending.stop.signal);
    if (pending.stop.signal.aborted) return;
    const isLate = pending.timer !== undefined;
    this.forget(delivery);
    if (isLate) this.options.onTaken(delivery);
  }

  private noteLate(delivery: D, letters: readonly DeadLetter[]): void {
    const pending = this.pending.get(delivery);
    if (pending === undefined) return;
    pending.timer = setTimeout(() => {
      this.forget(delivery);
      this.options.onHeldTooLong(delivery);
    }, this.options.longestHoldMs(delivery));
    this.options.onLate(delivery, letters);
  }

  private forget(delivery: D): void {
    const pending = this.pending.get(delivery);
    clearTimeout(pending?.timer);
    pending?.stop.abort();
    this.pending.delete(delivery);
  }
}

/** What is not taken in time waits by itself. */
function throwUnlessLate(error: unknown): void {
  if (!(error instanceof DeadlineError)) throw error;
}
