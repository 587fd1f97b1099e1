import type { EventRecord } from '../stored-events/event-record.dto.js';

/** Writes records as text. */
export interface RecordWriter {
  /** What stands before the first record, also when there is none. */
  head: string;
  write(record: EventRecord): string;
}
