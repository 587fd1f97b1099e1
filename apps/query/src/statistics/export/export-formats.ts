import type { StatisticKind } from '#libs/contracts';
import { text, type AnswerSchema } from '../../answers/answer-schema.js';
import { csvRecords } from './csv-records.js';
import type { RecordWriter } from './record-writer.js';

interface ExportFormatDefinition {
  mediaType: string;
  contentType: string;
  extension: string;
  description: string;
  writer(kind: StatisticKind): RecordWriter;
}

/** The formats in which all records of a window can be downloaded. */
export const EXPORT_FORMATS = {
  csv: {
    mediaType: 'text/csv',
    contentType: 'text/csv; charset=utf-8; header=present',
    extension: 'csv',
    description:
      'All records as CSV (RFC 4180) with a header row. Readers must remove one leading apostrophe from a cell',
    writer: csvRecords,
  },
  ndjson: {
    mediaType: 'application/x-ndjson',
    contentType: 'application/x-ndjson; charset=utf-8',
    extension: 'ndjson',
    description: 'All records, one line of JSON each',
    // The records are the same as in the JSON view.
    writer: () => ({ head: '', write: (record) => `${JSON.stringify(record)}\n` }),
  },
} as const satisfies Record<string, ExportFormatDefinition>;

export type ExportFormat = keyof typeof EXPORT_FORMATS;

/** The schemas by media type, for the API document. */
export const EXPORT_MEDIA_TYPES: Readonly<Record<string, AnswerSchema>> = Object.fromEntries(
  Object.values(EXPORT_FORMATS).map(({ mediaType, description }) => [mediaType, text(description)]),
);
