import type { RecordWriter } from './record-writer.js';

/** A line of JSON for each record, the same as in the JSON of the view. */
export function ndjsonRecords(): RecordWriter {
  return { head: '', write: (record) => `${JSON.stringify(record)}\n` };
}
