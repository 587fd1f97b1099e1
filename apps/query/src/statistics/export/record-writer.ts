import type { EventRecord } from '../stored-events/event-record.dto.js';

/** Writes records as text. */
export interface RecordWriter {
  /** The text before the first record. It is written even if there are no records. */
  head: string;
  write(record: EventRecord): string;
}
