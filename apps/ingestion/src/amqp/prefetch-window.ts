/** What an instance holds of one queue is bounded by this, in bytes; what comes beyond it is returned at once. */
export const MAX_HELD_BYTES = 64 * 1_048_576;

/** Enough to keep the writer busy; more only costs memory. */
const COMFORTABLE_BYTES = 16 * 1_048_576;
/** With this many bodies of the largest size the bound still holds, so it is what an unknown queue starts with. */
const CAUTIOUS_PREFETCH = 64;
const SMALLEST_PREFETCH = 8;
/** The prefetch is reconsidered after this many messages. */
const OBSERVED_MESSAGES = 256;

/**
 * Chooses how many messages the broker may push ahead. RabbitMQ counts messages, memory counts bytes, and one message
 * may be an event of 200 bytes or an array of 1 MiB. So: start cautiously, look at the sizes, and adapt.
 */
export class PrefetchWindow {
  private current: number;
  private largest = 0;
  private seen = 0;

  constructor(private readonly configured: number) {
    this.current = Math.min(configured, CAUTIOUS_PREFETCH);
  }

  get prefetch(): number {
    return this.current;
  }

  /** Notes the size of a message. @returns whether the prefetch has changed */
  observe(bytes: number): boolean {
    this.largest = Math.max(this.largest, bytes);
    this.seen++;
    const fitting = Math.max(SMALLEST_PREFETCH, Math.floor(COMFORTABLE_BYTES / Math.max(1, this.largest)));
    const wanted = Math.min(this.configured, fitting);
    const mustShrink = this.current * this.largest > MAX_HELD_BYTES && wanted < this.current;
    if (!mustShrink && this.seen < Math.min(OBSERVED_MESSAGES, this.current)) return false;
    this.seen = 0;
    this.largest = bytes;
    if (wanted === this.current || (!mustShrink && wanted < this.current && wanted * 2 > this.current)) return false;
    this.current = wanted;
    return true;
  }
}
