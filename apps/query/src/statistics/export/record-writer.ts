import type { EventRecord } from '../event-record.js';

/** Writes records as text. */
export interface RecordWriter {
  /** What stands before the first record, also when there is none. */
  head: string;
  write(record: EventRecord): string;
}
