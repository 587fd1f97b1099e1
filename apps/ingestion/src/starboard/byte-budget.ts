interface Waiting {
  bytes: number;
  grant: () => void;
}

/** Limits the bytes that are held at a time. Requests are granted in their order. */
export class ByteBudget {
  private held = 0;
  private readonly waiting: Waiting[] = [];

  constructor(readonly total: number) {}

  /**
   * Resolves when the bytes may be held. `giveBack` returns them.
   *
   * @param bytes more than `total` is never granted
   * @throws the signal's reason; nothing is held then
   */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.waiting.length === 0 && this.fits(bytes)) {
      this.held += bytes;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.waiting.splice(this.waiting.indexOf(waiting), 1);
        reject(signal.reason as Error);
        this.grant();
      };
      const grant = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const waiting = { bytes, grant };
      this.waiting.push(waiting);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  giveBack(bytes: number): void {
    this.held -= bytes;
    this.grant();
  }

  private grant(): void {
    for (let [first] = this.waiting; first && this.fits(first.bytes); [first] = this.waiting) {
      this.waiting.shift();
      this.held += first.bytes;
      first.grant();
    }
  }

  private fits(bytes: number): boolean {
    return this.held + bytes <= this.total;
  }
}
