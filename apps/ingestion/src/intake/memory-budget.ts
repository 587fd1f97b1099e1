import { Injectable } from '@nestjs/common';

const MIB = 1_048_576;

/** What an instance holds of all its queues together is bounded by this, in bytes. */
export const MAX_HELD_BYTES = 64 * MIB;
/**
 * A queue may hold this much whatever the others hold, so that none waits for another. It has room for a few messages
 * of the largest size, one of them decoded.
 */
export const RESERVED_BYTES = 12 * MIB;
/**
 * A packed array of a few kilobytes may become a megabyte of objects. Messages wait as the bytes they came as; only so
 * much of them is decoded ahead.
 */
const MAX_DECODED_BYTES = 16 * MIB;
/** Of a message beside its body: its properties, the objects around them. */
const BYTES_PER_MESSAGE = 1_000;
/** A message of the largest size takes less than this once decoded: its text, 1,000 events, or as many dead letters. */
const ROOM_TO_DECODE_BYTES = 6 * MIB;
/** A queue that has paused goes on when this much is free. It is less than what is reserved for each queue. */
const ROOM_TO_GO_ON_BYTES = 10 * MIB;

/** What one message takes in memory, roughly, in bytes. */
export interface HeldMemory {
  /** As it came. */
  arrived: number;
  /** Beside that, since it was decoded. */
  decoded: number;
}

/** Shares the memory for messages among the queues of an instance. */
@Injectable()
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

/** The share of one queue. */
export class MemoryShare {
  private readonly accounts = new Set<MemoryAccount>();

  constructor(
    private readonly freeForAll: () => number,
    /** Something was freed, for which consumers of any queue may be waiting. */
    readonly tellOfRoom: () => void,
  ) {}

  /**
   * For a consumer of the queue. There may be several: a batch may outlive the consumer that it came by.
   *
   * @param onRoom called when something was freed, maybe of another queue
   */
  open(onRoom: () => void = () => undefined): MemoryAccount {
    const account = new MemoryAccount(this, onRoom, () => this.accounts.delete(account));
    this.accounts.add(account);
    return account;
  }

  get heldBytes(): number {
    let bytes = 0;
    for (const account of this.accounts) bytes += account.heldBytes;
    return bytes;
  }

  notify(): void {
    for (const account of this.accounts) account.onRoom();
  }

  /** Bytes that this queue may still take. */
  get freeBytes(): number {
    return Math.max(0, RESERVED_BYTES - this.heldBytes) + this.freeForAll();
  }
}

/** What one consumer holds of its queue's share. */
export class MemoryAccount {
  private arrivedBytes = 0;
  private decodedBytes = 0;

  constructor(
    private readonly share: MemoryShare,
    readonly onRoom: () => void,
    private readonly close: () => void,
  ) {}

  get heldBytes(): number {
    return this.arrivedBytes + this.decodedBytes;
  }

  /** One message may always be taken, or nothing would ever be acknowledged. */
  mayTake(content: Buffer): boolean {
    return this.arrivedBytes === 0 || bytesOf(content) <= this.share.freeBytes;
  }

  /** Whether too little is left for decoding once this message is there too. */
  isShortWith(content: Buffer): boolean {
    return this.share.freeBytes - bytesOf(content) < ROOM_TO_DECODE_BYTES;
  }

  /** Whether a consumer that has paused may go on. */
  get mayGoOn(): boolean {
    return this.share.freeBytes >= ROOM_TO_GO_ON_BYTES;
  }

  /** As with taking, one message may always be decoded. */
  get mayDecode(): boolean {
    if (this.decodedBytes === 0) return true;
    return this.decodedBytes < MAX_DECODED_BYTES && this.share.freeBytes >= ROOM_TO_DECODE_BYTES;
  }

  take(content: Buffer): HeldMemory {
    const held = { arrived: bytesOf(content), decoded: 0 };
    this.arrivedBytes += held.arrived;
    return held;
  }

  addDecoded(held: HeldMemory, bytes: number): void {
    held.decoded += bytes;
    this.decodedBytes += bytes;
  }

  /** From now on the message takes only so many bytes. */
  shrink(held: HeldMemory, bytes: number): void {
    this.release(held);
    held.arrived = bytes;
    held.decoded = 0;
    this.arrivedBytes += bytes;
  }

  release({ arrived, decoded }: HeldMemory): void {
    this.arrivedBytes -= arrived;
    this.decodedBytes -= decoded;
  }

  /** The consumer is over, and holds nothing but these; without any, the account is closed. */
  keepOnly(held: readonly HeldMemory[]): void {
    this.arrivedBytes = held.reduce((sum, { arrived }) => sum + arrived, 0);
    this.decodedBytes = held.reduce((sum, { decoded }) => sum + decoded, 0);
    if (held.length === 0) this.close();
    this.tellOfRoom();
  }

  /** What was released is for whoever waits, of any queue. */
  tellOfRoom(): void {
    this.share.tellOfRoom();
  }
}

function bytesOf(content: Buffer): number {
  return content.length + BYTES_PER_MESSAGE;
}
