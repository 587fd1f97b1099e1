import type { StatisticKind } from '#libs/contracts';
import { recordFields } from '../stored-events/event-record.js';
import { csvLine, textForSpreadsheets } from './csv-text.js';
import type { RecordWriter } from './record-writer.js';

/** Fields that need no protection: spreadsheets read a UUID or an ISO 8601 time with T and Z as text. */
const PLAIN_FIELDS: ReadonlySet<string> = new Set(['id', 'timestamp']);

/** Writes CSV (RFC 4180) with a header row. docs/exports.md describes the format of the cells. */
export function csvRecords(kind: StatisticKind): RecordWriter {
  const fields = recordFields(kind);
  return {
    head: csvLine(fields),
    write: (record) => csvLine(fields.map((field) => cell(record[field], PLAIN_FIELDS.has(field)))),
  };
}

function cell(value: unknown, isPlain: boolean): string {
  if (value === null || value === undefined) return '';
  // Booleans and delays. JSON writes milliseconds from 0.001 to one day without an exponent.
  if (typeof value !== 'string') return JSON.stringify(value);
  return isPlain ? value : textForSpreadsheets(value);
}
