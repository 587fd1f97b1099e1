import { DeadlineError, withDeadline } from '#libs/timing';
import type { DeadLetter } from '../../intake/dead-letter.js';
import type { DeadLetterPublisher } from './dead-letter.publisher.js';

export interface PendingDeadLettersOptions<D> {
  publisher: Pick<DeadLetterPublisher, 'publish' | 'obstacle'>;
  /** The dead letters of this delivery were not confirmed in time. It waits separately from now on. */
  onLate(delivery: D, letters: readonly DeadLetter[]): void;
  /** The broker has confirmed the dead letters of a late delivery. */
  onConfirmed(delivery: D): void;
  /** A delivery has been held for longer than `maxHoldMs`. */
  onHeldTooLong(delivery: D): void;
  /** How long a delivery may be held, in milliseconds. */
  maxHoldMs(delivery: D): number;
}

interface Pending {
  stop: AbortController;
  /** Only set for a late delivery. */
  timer?: NodeJS.Timeout;
}

/** The deadline for confirms, which normally arrive within milliseconds. */
const CONFIRM_DEADLINE_MS = 1_000;

/** The deliveries of one session whose dead letters are not confirmed yet. They stay unacknowledged. */
export class PendingDeadLetters<D> {
  private readonly pending = new Map<D, Pending>();

  constructor(private readonly options: PendingDeadLettersOptions<D>) {}

  has(delivery: D): boolean {
    return this.pending.has(delivery);
  }

  get size(): number {
    return this.pending.size;
  }

  /** Resolves when all are confirmed, or at the deadline. The deliveries that are not confirmed by then are late. */
  async publish(lettersOf: ReadonlyMap<D, readonly DeadLetter[]>): Promise<void> {
    const all = Promise.all([...lettersOf].map(([delivery, letters]) => this.publishOf(delivery, letters)));
    if (this.options.publisher.obstacle === undefined) {
      await withDeadline({ what: 'the confirms of dead letters', ms: CONFIRM_DEADLINE_MS }, all).catch(throwUnlessLate);
    }
    for (const [delivery, letters] of lettersOf) this.startWaiting(delivery, letters);
  }

  /** Discards all pending deliveries. */
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
    if (isLate) this.options.onConfirmed(delivery);
  }

  private startWaiting(delivery: D, letters: readonly DeadLetter[]): void {
    const pending = this.pending.get(delivery);
    if (pending === undefined) return;
    pending.timer = setTimeout(() => {
      this.forget(delivery);
      this.options.onHeldTooLong(delivery);
    }, this.options.maxHoldMs(delivery));
    this.options.onLate(delivery, letters);
  }

  private forget(delivery: D): void {
    const pending = this.pending.get(delivery);
    clearTimeout(pending?.timer);
    pending?.stop.abort();
    this.pending.delete(delivery);
  }
}

/** Deliveries that are not confirmed within the deadline are handled as late. */
function throwUnlessLate(error: unknown): void {
  if (!(error instanceof DeadlineError)) throw error;
}
