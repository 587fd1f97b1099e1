import { FIELD_TYPES, FILTERS, filtersOf, type Filter, type StatisticKind } from '#libs/contracts';
import { Field, type FieldFormat, type FormClass } from '../forms/form-field.js';
import { instantText, wholeNumberText } from '../forms/formats.js';
import { GuildForm } from '../forms/guild.form.js';
import { MAX_DAYS, MAX_WINDOW_DAYS, type WindowFields } from './window.js';

/** A request that names a guild and a window. */
export class WindowForm extends GuildForm implements WindowFields {
  @Field(wholeNumberText(1, MAX_DAYS), {
    required: false,
    description: `The last days up to now; ${MAX_DAYS} when left out`,
  })
  days?: number;

  @Field(instantText, {
    required: false,
    description: `Instead of days: from this moment on, at most ${MAX_WINDOW_DAYS} days`,
  })
  from?: number;

  @Field(instantText, { required: false, description: 'With from: up to and without this moment; now when left out' })
  to?: number;
}

const FILTER_DESCRIPTIONS: Readonly<Record<Filter, string>> = {
  user_id: 'Only records of this user',
  channel_id: 'Only records of this channel',
};

/** A filter that the kind does not have is refused, and not ignored: the answer would not be what was asked for. */
const noSuchFilter: FieldFormat<never> = {
  expected: 'left out: these records have no such field to filter by',
  schema: { not: {} },
  parse: () => undefined,
};

/** Declares the filters that the kind has. */
export function declareFilters(form: FormClass, kind: StatisticKind): void {
  for (const filter of filtersOf(kind)) {
    declareOptional(form, filter, FIELD_TYPES.snowflake, FILTER_DESCRIPTIONS[filter]);
  }
}

/** The form as it is documented, with the filters that the kind does not have, so that they are refused. */
export function refusingOtherFilters<T extends object>(documented: FormClass<T>, kind: StatisticKind): FormClass<T> {
  class CheckedForm extends (documented as FormClass) {}
  for (const filter of FILTERS) {
    if (!filtersOf(kind).includes(filter)) declareOptional(CheckedForm, filter, noSuchFilter, 'Not of this kind');
  }
  return CheckedForm as FormClass<T>;
}

export function declareOptional(form: FormClass, name: string, format: FieldFormat, description: string): void {
  Field(format, { required: false, description })(form.prototype as object, name);
}
