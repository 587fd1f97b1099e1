import type { StatisticKind } from '#libs/contracts';
import { recordFields } from '../stored-events/event-record.js';
import { csvLine, textForSpreadsheets } from './csv-text.js';
import type { RecordWriter } from './record-writer.js';

/** No spreadsheet takes a UUID or an ISO 8601 time with its T and Z for anything but text. */
const PLAIN_FIELDS: ReadonlySet<string> = new Set(['id', 'timestamp']);

/** CSV (RFC 4180) with a header row; docs/exports.md tells what its cells look like. */
export function csvRecords(kind: StatisticKind): RecordWriter {
  const fields = recordFields(kind);
  return {
    head: csvLine(fields),
    write: (record) => csvLine(fields.map((field) => cell(record[field], PLAIN_FIELDS.has(field)))),
  };
}

function cell(value: unknown, isPlain: boolean): string {
  if (value === null || value === undefined) return '';
  // Booleans, and delays: between a microsecond and a day in milliseconds, JSON writes them without an exponent.
  if (typeof value !== 'string') return JSON.stringify(value);
  return isPlain ? value : textForSpreadsheets(value);
}
