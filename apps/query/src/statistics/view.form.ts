import type { Filter, StatisticKind } from '#libs/contracts';
import type { FieldFormat, FormClass } from '../forms/form-field.js';
import { oneOf, wholeNumberText } from '../forms/formats.js';
import { VIEW_FORMATS, type ViewFormat } from './export/requested-format.js';
import { declareFilters, declareOptional, refusingOtherFilters, WindowForm } from './window.form.js';

/** A page has at most, and by default, this many records. */
export const MAX_LIMIT = 10_000;

/** The query string of a view. */
export interface ViewRequest extends WindowForm, Partial<Record<Filter, string>> {
  limit?: number;
  cursor?: string;
  format?: ViewFormat;
}

const text: FieldFormat<string> = {
  expected: 'a text',
  schema: { type: 'string' },
  parse: (value) => (typeof value === 'string' ? value : undefined),
};

const FORMAT_DESCRIPTION =
  'json: a page. csv, ndjson: all records of the window as a download, without limit and cursor. ' +
  'When left out, the Accept header decides';

/** The form of a kind's view. Declared in the order in which the documents list it. */
export function viewForm(kind: StatisticKind): { form: FormClass<ViewRequest>; documented: FormClass } {
  class ViewForm extends WindowForm {}
  declareFilters(ViewForm, kind);
  declareOptional(ViewForm, 'limit', wholeNumberText(1, MAX_LIMIT), `Records of a page; ${MAX_LIMIT} when left out`);
  declareOptional(
    ViewForm,
    'cursor',
    text,
    'The next_cursor of the page before; its window goes on whatever the rest says',
  );
  declareOptional(ViewForm, 'format', oneOf(VIEW_FORMATS), FORMAT_DESCRIPTION);
  return { form: refusingOtherFilters<ViewRequest>(ViewForm, kind), documented: ViewForm };
}
