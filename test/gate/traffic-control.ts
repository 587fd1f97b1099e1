import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;

/** Spreads the deliveries over the steps of a schedule: so that something is sent while each of them runs. */
export class TrafficControl {
  private open = 1;
  private isHeld = false;
  private passed = 0;
  /** Ends the wait of all deliveries that wait. */
  private wake: () => void = () => undefined;
  private change = this.nextChange();

  /** @param shares of the deliveries, which are opened one after the other; the first two are open from the start */
  constructor(
    private readonly deliveries: number,
    private readonly shares: number,
  ) {
    this.open = Math.min(2, shares);
  }

  /** Resolves when one more delivery may be sent. */
  async pass(): Promise<void> {
    while (this.isHeld || this.passed >= this.limit(this.open)) await this.change;
    this.passed++;
  }

  openNextShare(): void {
    this.open++;
    this.wakeAll();
  }

  openAll(): void {
    this.open = this.shares;
    this.isHeld = false;
    this.wakeAll();
  }

  /** Resolves when all but the last open share was accepted. */
  async untilShareAccepted(accepted: () => number): Promise<void> {
    while (accepted() < this.limit(this.open - 1)) await sleep(POLL_MS);
  }

  /** Runs the work while nothing is sent and everything that was sent is accepted. */
  async hold(accepted: () => number, work: () => Promise<void>): Promise<void> {
    this.isHeld = true;
    try {
      while (accepted() < this.passed) await sleep(POLL_MS);
      await work();
    } finally {
      this.isHeld = false;
      this.wakeAll();
    }
  }

  private wakeAll(): void {
    const { wake } = this;
    this.change = this.nextChange();
    wake();
  }

  private nextChange(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }

  private limit(shares: number): number {
    return shares >= this.shares ? Infinity : Math.floor((this.deliveries * shares) / this.shares);
  }
}
