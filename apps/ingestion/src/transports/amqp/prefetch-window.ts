const MIB = 1_048_576;

/** Enough to keep the writer busy; more only costs memory. */
const COMFORTABLE_BYTES = 8 * MIB;
/** Twice that: an odd large message among small ones changes nothing. */
const TOO_MANY_BYTES = 2 * COMFORTABLE_BYTES;
/** So many bodies of the largest size fit into what is reserved for a queue, so it is what an unknown queue starts with. */
const CAUTIOUS_PREFETCH = 10;
const SMALLEST_PREFETCH = 8;
/** The prefetch may grow after this many messages at most. */
const OBSERVED_MESSAGES = 256;
/** The largest size seen counts half after this many. */
const REMEMBERED_MESSAGES = 1_024;
const GROWTH = 4;

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
    this.seen++;
    // A large message now and then is remembered for a while, or the prefetch would swing with every one.
    if (this.seen % REMEMBERED_MESSAGES === 0) this.largest /= 2;
    this.largest = Math.max(this.largest, bytes);
    const fitting = Math.max(SMALLEST_PREFETCH, Math.floor(COMFORTABLE_BYTES / Math.max(1, this.largest)));
    if (fitting < this.current && this.current * this.largest > TOO_MANY_BYTES) {
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
