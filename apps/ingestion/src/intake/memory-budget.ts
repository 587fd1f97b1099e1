import { Injectable } from '@nestjs/common';

const MIB = 1_048_576;

/** The maximum memory that an instance holds for all queues together, in bytes. */
export const MAX_HELD_BYTES = 64 * MIB;
/**
 * The memory reserved for each queue, so that no queue waits for another. It is enough for a few messages of the
 * maximum size, one of them decoded.
 */
export const RESERVED_BYTES = 12 * MIB;
/**
 * The limit for decoding ahead. A compressed array of a few kilobytes may become a megabyte of objects, so messages
 * wait as bytes, and only this much is decoded in advance.
 */
const MAX_DECODED_BYTES = 16 * MIB;
/** The memory of a message without its body: its properties and objects. */
const BYTES_PER_MESSAGE = 1_000;
/** More than a decoded message of the maximum size takes: its text, and 1,000 events or dead letters. */
const ROOM_TO_DECODE_BYTES = 6 * MIB;
/** A paused queue resumes when this much is free. Less than the reserve of a queue. */
const ROOM_TO_RESUME_BYTES = 10 * MIB;

/** The approximate memory of one message, in bytes. */
export interface HeldMemory {
  /** The delivered bytes. */
  arrived: number;
  /** Additional memory since it was decoded. */
  decoded: number;
}

/** Shares the memory for messages among the queues of an instance. */
@Injectable()
export class MemoryBudget {
  private readonly shares: MemoryShare[] = [];

  get heldBytes(): number {
    return this.shares.reduce((sum, share) => sum + share.heldBytes, 0);
  }

  /** Adds a queue. @returns its share */
  share(): MemoryShare {
    const share = new MemoryShare(
      () => this.freeForAll(),
      () => this.notifyRoom(),
    );
    this.shares.push(share);
    return share;
  }

  private notifyRoom(): void {
    for (const share of this.shares) share.notify();
  }

  /** Free bytes beyond the reserves, for any queue. */
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
    /** Notifies the consumers of all queues that memory was freed. */
    readonly notifyRoom: () => void,
  ) {}

  /**
   * Opens an account for a consumer of the queue. Several may be open, because a batch may outlive its consumer.
   *
   * @param onRoom called when memory was freed, maybe by another queue
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

/** The memory that one consumer holds of its queue's share. */
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

  /** One message may always be taken; otherwise nothing would ever be acknowledged. */
  mayTake(content: Buffer): boolean {
    return this.arrivedBytes === 0 || bytesOf(content) <= this.share.freeBytes;
  }

  /** Whether, with this message, too little memory is left for decoding. */
  isShortWith(content: Buffer): boolean {
    return this.share.freeBytes - bytesOf(content) < ROOM_TO_DECODE_BYTES;
  }

  /** Whether a paused consumer may resume. */
  get mayResume(): boolean {
    return this.share.freeBytes >= ROOM_TO_RESUME_BYTES;
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

  /** Sets the memory of the message to this many bytes. */
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

  /** The consumer has ended and holds only these messages. If there are none, the account is closed. */
  keepOnly(held: readonly HeldMemory[]): void {
    this.arrivedBytes = held.reduce((sum, { arrived }) => sum + arrived, 0);
    this.decodedBytes = held.reduce((sum, { decoded }) => sum + decoded, 0);
    if (held.length === 0) this.close();
    this.notifyRoom();
  }

  /** Notifies the consumers of all queues that memory was freed. */
  notifyRoom(): void {
    this.share.notifyRoom();
  }
}

function bytesOf(content: Buffer): number {
  return content.length + BYTES_PER_MESSAGE;
}
