import { FIELD_TYPES, FILTERS, filtersOf, type Filter, type StatisticKind } from '#libs/contracts';
import { Field, type FieldFormat, type FormClass } from '../forms/form-field.js';
import { instantText, oneOf, wholeNumberText } from '../forms/formats.js';
import { GuildForm } from '../forms/guild.form.js';
import { VIEW_FORMATS, type ViewFormat } from './export/requested-format.js';
import { MAX_DAYS, MAX_WINDOW_DAYS } from './window.js';

/** A page has at most, and by default, this many records. */
export const MAX_LIMIT = 10_000;

/** The query string of a view. */
export interface ViewRequest extends Partial<Record<Filter, string>> {
  guild_id: string;
  days?: number;
  /** Unix milliseconds. */
  from?: number;
  /** Unix milliseconds. */
  to?: number;
  limit?: number;
  cursor?: string;
  format?: ViewFormat;
}

const text: FieldFormat<string> = {
  expected: 'a text',
  schema: { type: 'string' },
  parse: (value) => (typeof value === 'string' ? value : undefined),
};

const FILTER_DESCRIPTIONS: Readonly<Record<Filter, string>> = {
  user_id: 'Only records of this user',
  channel_id: 'Only records of this channel',
};

const FORMAT_DESCRIPTION =
  'json: a page. csv, ndjson: all records of the window as a download, without limit and cursor. ' +
  'When left out, the Accept header decides';

/** A filter that the kind does not have is refused, and not ignored: the answer would not be what was asked for. */
const noSuchFilter: FieldFormat<never> = {
  expected: 'left out: these records have no such field to filter by',
  schema: { not: {} },
  parse: () => undefined,
};

/** The form of a kind's view. Declared in the order in which the documents list it. */
export function viewForm(kind: StatisticKind): { form: FormClass<ViewRequest>; documented: FormClass } {
  class ViewForm extends GuildForm {}
  declare(ViewForm, 'days', wholeNumberText(1, MAX_DAYS), `The last days up to now; ${MAX_DAYS} when left out`);
  declare(ViewForm, 'from', instantText, `Instead of days: from this moment on, at most ${MAX_WINDOW_DAYS} days`);
  declare(ViewForm, 'to', instantText, 'With from: up to and without this moment; now when left out');
  for (const filter of filtersOf(kind)) declare(ViewForm, filter, FIELD_TYPES.snowflake, FILTER_DESCRIPTIONS[filter]);
  declare(ViewForm, 'limit', wholeNumberText(1, MAX_LIMIT), `Records of a page; ${MAX_LIMIT} when left out`);
  declare(ViewForm, 'cursor', text, 'The next_cursor of the page before; its window goes on whatever the rest says');
  declare(ViewForm, 'format', oneOf(VIEW_FORMATS), FORMAT_DESCRIPTION);

  class CheckedViewForm extends ViewForm {}
  for (const filter of FILTERS) {
    if (!filtersOf(kind).includes(filter)) declare(CheckedViewForm, filter, noSuchFilter, 'Not a filter of this kind');
  }
  return { form: CheckedViewForm, documented: ViewForm };
}

function declare(form: FormClass, name: string, format: FieldFormat, description: string): void {
  Field(format, { required: false, description })(form.prototype as object, name);
}
