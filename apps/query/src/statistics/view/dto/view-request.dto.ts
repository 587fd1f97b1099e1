import type { Type } from '@nestjs/common';
import type { FieldError, StatisticKind } from '#libs/contracts';
import { BadRequestError } from '../../../http/api-error.js';
import { IsAnyText, IsOneOf, IsWholeNumberText } from '../../../requests/field.decorators.js';
import type { ExportFormat } from '../../export/export-formats.js';
import { VIEW_FORMATS, type ViewFormat } from '../../export/requested-format.js';
import { declareField, declareFilters, WindowRequest, type FilteredRequest } from '../../window/window-request.dto.js';

/** The maximum and default number of records per page. */
export const MAX_LIMIT = 10_000;

/** The query string of a view. */
export interface ViewRequest extends FilteredRequest {
  limit?: number;
  cursor?: string;
  format?: ViewFormat;
}

const LIMIT = IsWholeNumberText(1, MAX_LIMIT, {
  optional: true,
  description: `The number of records per page. Defaults to ${MAX_LIMIT}`,
});
const CURSOR = IsAnyText({
  optional: true,
  description: 'The next_cursor of the previous page. The window of the first page applies to all pages',
});
const FORMAT = IsOneOf(VIEW_FORMATS, {
  optional: true,
  description:
    'json returns a page. csv and ndjson return all records of the window as a download, and cannot be combined with ' +
    'limit and cursor. Defaults to the format in the Accept header',
});

/** Creates the request DTO of a kind's view. The order of the fields is that of the API document. */
export function viewRequest(kind: StatisticKind): Type<ViewRequest> {
  class KindViewRequest extends WindowRequest {}
  declareFilters(KindViewRequest, kind);
  declareField(KindViewRequest, 'limit', LIMIT);
  declareField(KindViewRequest, 'cursor', CURSOR);
  declareField(KindViewRequest, 'format', FORMAT);
  return KindViewRequest;
}

/** @throws BadRequestError if a download has fields for paging */
export function refusePaging({ limit, cursor }: ViewRequest, format: ExportFormat): void {
  const message = `cannot be combined with the format ${format}, which returns all records`;
  const mistakes: FieldError[] = [];
  if (limit !== undefined) mistakes.push({ field: 'limit', message });
  if (cursor !== undefined) mistakes.push({ field: 'cursor', message });
  if (mistakes.length > 0) throw new BadRequestError(mistakes);
}
