import type { Clock } from '#libs/timing';

const WINDOW_MS = 60_000;

/** Limits how many lines of one sort are written in a minute, however many there would be. */
export class LineBudget {
  private windowEndsAt = -Infinity;
  private used = 0;

  constructor(
    private readonly linesPerMinute: number,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /**
   * Asks for one line.
   *
   * @returns whether it may be written, and how many were refused since the last one that was written
   */
  take(): { mayWrite: boolean; leftOut: number } {
    const now = this.clock.now();
    let leftOut = 0;
    if (now >= this.windowEndsAt) {
      leftOut = Math.max(0, this.used - this.linesPerMinute);
      this.windowEndsAt = now + WINDOW_MS;
      this.used = 0;
    }
    this.used++;
    return { mayWrite: this.used <= this.linesPerMinute, leftOut };
  }
}
