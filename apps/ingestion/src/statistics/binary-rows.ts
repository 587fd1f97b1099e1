import type { StatisticEvent } from '#libs/contracts';

/** The columns of an encoded row, in this order. */
export const ROW_COLUMNS =
  'guild_id, kind, occurred_at, event_id, user_id, channel_id, message_id, label, value, flags, actor_id';

const COLUMNS = 11;
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TRAILER_BYTES = 2;
/** A row without its label: field count, field lengths, five 8-byte ids, time and value, UUID, two smallints. */
const FIXED_BYTES = 2 + COLUMNS * 4 + 5 * 8 + 2 * 8 + 16 + 2 * 2;
const MAX_BYTES_PER_UTF16_UNIT = 3;
/** Postgres counts from 2000-01-01, in microseconds. */
const POSTGRES_EPOCH_MS = 946_684_800_000;
const TWO_32 = 0x1_0000_0000;
const NULL = -1;

/**
 * Rows in Postgres's binary COPY format ("Binary Format" in the manual's page about COPY). It needs no escaping, and
 * the server parses no text.
 */
export function encodeRows(events: readonly StatisticEvent[]): Buffer {
  const writer = new RowWriter(Buffer.allocUnsafe(maxSize(events)));
  for (const event of events) writer.row(event);
  return writer.end();
}

function maxSize(events: readonly StatisticEvent[]): number {
  let labels = 0;
  for (const { label } of events) if (label !== null) labels += label.length;
  return SIGNATURE.length + events.length * FIXED_BYTES + labels * MAX_BYTES_PER_UTF16_UNIT + TRAILER_BYTES;
}

class RowWriter {
  private offset: number;
  private readonly view: DataView;

  constructor(private readonly buffer: Buffer) {
    this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.offset = SIGNATURE.copy(buffer);
  }

  row(event: StatisticEvent): void {
    this.int16(COLUMNS);
    this.id(event.guildId);
    this.smallint(event.kind.number);
    this.bigint((event.occurredAt - POSTGRES_EPOCH_MS) * 1000);
    this.uuid(event.eventId);
    this.id(event.userId);
    this.id(event.channelId);
    this.id(event.messageId);
    this.text(event.label);
    if (event.value === null) this.int32(NULL);
    else this.bigint(event.value);
    this.smallint(event.flags);
    this.id(event.actorId);
  }

  end(): Buffer {
    this.int16(-1);
    return this.buffer.subarray(0, this.offset);
  }

  private smallint(value: number): void {
    this.int32(2);
    this.int16(value);
  }

  /** @param value a safe integer */
  private bigint(value: number): void {
    this.int32(8);
    this.int32(Math.floor(value / TWO_32));
    this.uint32(value);
  }

  /**
   * @param digits an integer up to 2^63-1, which a number cannot hold; upper and lower digits are converted separately
   */
  private id(digits: string | null): void {
    if (digits === null) return this.int32(NULL);
    const split = Math.max(0, digits.length - 9);
    const upper = digitsToNumber(digits, 0, split);
    const upperHigh = Math.floor(upper / 0x1_0000) * 1e9;
    const low =
      (upper % 0x1_0000) * 1e9 + digitsToNumber(digits, split, digits.length) + (upperHigh % 0x1_0000) * 0x1_0000;
    this.int32(8);
    this.int32(Math.floor(upperHigh / 0x1_0000) + Math.floor(low / TWO_32));
    this.uint32(low);
  }

  private uuid(text: string): void {
    this.int32(16);
    for (let index = 0; index < 36; index += 2) {
      if (text.charCodeAt(index) === 0x2d) index++;
      this.buffer[this.offset++] = (nibble(text.charCodeAt(index)) << 4) | nibble(text.charCodeAt(index + 1));
    }
  }

  private text(text: string | null): void {
    if (text === null) return this.int32(NULL);
    const start = this.offset;
    this.offset += 4;
    this.offset += this.buffer.write(text, this.offset);
    this.view.setInt32(start, this.offset - start - 4);
  }

  private int16(value: number): void {
    this.view.setInt16(this.offset, value);
    this.offset += 2;
  }

  private int32(value: number): void {
    this.view.setInt32(this.offset, value);
    this.offset += 4;
  }

  /** The lowest 32 bits. */
  private uint32(value: number): void {
    this.view.setUint32(this.offset, value);
    this.offset += 4;
  }
}

function digitsToNumber(digits: string, from: number, to: number): number {
  let value = 0;
  for (let index = from; index < to; index++) value = value * 10 + digits.charCodeAt(index) - 0x30;
  return value;
}

/** The value of a lower-case hexadecimal digit. */
function nibble(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}
