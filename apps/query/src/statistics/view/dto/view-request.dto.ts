import type { Type } from '@nestjs/common';
import type { FieldError, StatisticKind } from '#libs/contracts';
import { BadRequestError } from '../../../http/api-error.js';
import { IsAnyText, IsOneOf, IsWholeNumberText } from '../../../requests/field.decorators.js';
import type { ExportFormat } from '../../export/export-formats.js';
import { VIEW_FORMATS, type ViewFormat } from '../../export/requested-format.js';
import { declareField, declareFilters, WindowRequest, type FilteredRequest } from '../../window/window-request.dto.js';

/** A page has at most, and by default, this many records. */
export const MAX_LIMIT = 10_000;

/** The query string of a view. */
export interface ViewRequest extends FilteredRequest {
  limit?: number;
  cursor?: string;
  format?: ViewFormat;
}

const LIMIT = IsWholeNumberText(1, MAX_LIMIT, {
  optional: true,
  description: `Records of a page; ${MAX_LIMIT} when left out`,
});
const CURSOR = IsAnyText({
  optional: true,
  description: 'The next_cursor of the page before; its window goes on whatever the rest says',
});
const FORMAT = IsOneOf(VIEW_FORMATS, {
  optional: true,
  description:
    'json: a page. csv, ndjson: all records of the window as a download, without limit and cursor. ' +
    'When left out, the Accept header decides',
});

/** The DTO of a kind's view. Declared in the order in which the documents list it. */
export function viewRequest(kind: StatisticKind): Type<ViewRequest> {
  class KindViewRequest extends WindowRequest {}
  declareFilters(KindViewRequest, kind);
  declareField(KindViewRequest, 'limit', LIMIT);
  declareField(KindViewRequest, 'cursor', CURSOR);
  declareField(KindViewRequest, 'format', FORMAT);
  return KindViewRequest;
}

/** @throws BadRequestError for fields that belong to pages, where all records are asked for */
export function refusePaging({ limit, cursor }: ViewRequest, format: ExportFormat): void {
  const message = `cannot be combined with the format ${format}: a download has all records`;
  const mistakes: FieldError[] = [];
  if (limit !== undefined) mistakes.push({ field: 'limit', message });
  if (cursor !== undefined) mistakes.push({ field: 'cursor', message });
  if (mistakes.length > 0) throw new BadRequestError(mistakes);
}
