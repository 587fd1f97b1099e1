const MIB = 1_048_576;

/** What an instance holds of all its queues together is bounded by this, in bytes. */
export const MAX_HELD_BYTES = 64 * MIB;
/**
 * A queue may hold this much whatever the others hold, so that none waits for another. It has room for a few messages
 * of the largest size, one of them read.
 */
export const RESERVED_BYTES = 12 * MIB;

/** Something that holds messages. */
export interface MemoryHolder {
  /** What they take in memory, roughly. */
  readonly memoryBytes: number;
  /** Something was freed, maybe of another queue. */
  onRoom?(): void;
}

/** Shares the memory for messages among the queues of an instance. */
export class MemoryBudget {
  private readonly shares: MemoryShare[] = [];

  get heldBytes(): number {
    return this.shares.reduce((sum, share) => sum + share.heldBytes, 0);
  }

  /** The share of one more queue. */
  share(): MemoryShare {
    const share = new MemoryShare(
      () => this.freeForAll(),
      () => this.tellOfRoom(),
    );
    this.shares.push(share);
    return share;
  }

  private tellOfRoom(): void {
    for (const share of this.shares) share.notify();
  }

  /** Bytes that any queue may take beyond what is reserved for it. */
  private freeForAll(): number {
    let free = MAX_HELD_BYTES;
    for (const { heldBytes } of this.shares) free -= Math.max(RESERVED_BYTES, heldBytes);
    return Math.max(0, free);
  }
}

/** The share of one queue. More than one session may hold something of it: a batch may outlive the one it came by. */
export class MemoryShare {
  private readonly holders = new Set<MemoryHolder>();

  constructor(
    private readonly freeForAll: () => number,
    private readonly tellAll: () => void,
  ) {}

  get heldBytes(): number {
    let bytes = 0;
    for (const { memoryBytes } of this.holders) bytes += memoryBytes;
    return bytes;
  }

  /** Bytes that this queue may still take. */
  get freeBytes(): number {
    return Math.max(0, RESERVED_BYTES - this.heldBytes) + this.freeForAll();
  }

  add(holder: MemoryHolder): void {
    this.holders.add(holder);
  }

  remove(holder: MemoryHolder): void {
    this.holders.delete(holder);
  }

  /** Something was freed, for which a holder may be waiting, of this queue or another. */
  tellOfRoom(): void {
    this.tellAll();
  }

  notify(): void {
    for (const holder of this.holders) holder.onRoom?.();
  }
}
