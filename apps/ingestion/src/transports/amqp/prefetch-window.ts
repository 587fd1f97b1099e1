const MIB = 1_048_576;

/** Enough to keep the writer busy. */
const TARGET_BYTES = 8 * MIB;
/** The limit above which the prefetch shrinks. A single large message among small ones does not reach it. */
const MAX_BYTES = 2 * TARGET_BYTES;
/** The initial prefetch. This many bodies of the maximum size fit into a queue's reserve. */
const INITIAL_PREFETCH = 10;
const MIN_PREFETCH = 8;
/** The prefetch may grow after this many messages, or after as many as the prefetch. */
const OBSERVED_MESSAGES = 256;
/** After this many messages, the largest observed size is halved. */
const REMEMBERED_MESSAGES = 1_024;
const GROWTH = 4;

/**
 * Chooses the prefetch. RabbitMQ limits the number of messages, not their bytes, and a message may be an event of 200
 * bytes or an array of 1 MiB. So the prefetch starts small and adapts to the observed sizes.
 */
export class PrefetchWindow {
  private current: number;
  private largest = 0;
  private seen = 0;

  constructor(private readonly configured: number) {
    this.current = Math.min(configured, INITIAL_PREFETCH);
  }

  get prefetch(): number {
    return this.current;
  }

  /** Observes the size of a message. @returns whether the prefetch has changed */
  observe(bytes: number): boolean {
    this.seen++;
    // The largest size decays slowly, so that the prefetch does not oscillate with occasional large messages.
    if (this.seen % REMEMBERED_MESSAGES === 0) this.largest /= 2;
    this.largest = Math.max(this.largest, bytes);
    const fitting = Math.max(MIN_PREFETCH, Math.floor(TARGET_BYTES / Math.max(1, this.largest)));
    if (fitting < this.current && this.current * this.largest > MAX_BYTES) {
      this.current = fitting;
      return true;
    }
    if (this.seen % Math.min(OBSERVED_MESSAGES, this.current) !== 0) return false;
    const wanted = Math.min(this.configured, fitting, this.current * GROWTH);
    if (wanted <= this.current) return false;
    this.current = wanted;
    return true;
  }
}
