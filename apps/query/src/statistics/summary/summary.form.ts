import { groupingsOf, type Filter, type StatisticKind } from '#libs/contracts';
import type { FieldFormat, FormClass } from '../../forms/form-field.js';
import { oneOf, spacesAsPlus, wholeNumberText } from '../../forms/formats.js';
import { declareFilters, declareOptional, refusingOtherFilters, WindowForm } from '../window.form.js';
import { INTERVALS, type Interval } from './local-buckets.js';
import { parseTimeZone } from './time-zone.js';

export const DEFAULT_TOP = 10;
const MAX_TOP = 100;

/** The query string of a summary. */
export interface SummaryRequest extends WindowForm, Partial<Record<Filter, string>> {
  interval?: Interval;
  timezone?: string;
  group_by?: string;
  top?: number;
}

const timeZone: FieldFormat<string> = {
  expected: 'the IANA name of a time zone, such as Europe/Amsterdam',
  schema: { type: 'string', examples: ['Europe/Amsterdam'] },
  parse: (value) => (typeof value === 'string' ? parseTimeZone(spacesAsPlus(value)) : undefined),
};

/** The form of a kind's summary. Declared in the order in which the documents list it. */
export function summaryForm(kind: StatisticKind): { form: FormClass<SummaryRequest>; documented: FormClass } {
  class SummaryForm extends WindowForm {}
  declareOptional(SummaryForm, 'interval', oneOf(INTERVALS), 'The length of a bucket; day when left out');
  declareOptional(SummaryForm, 'timezone', timeZone, 'Whose days and hours the buckets are; UTC when left out');
  const groupings = [...groupingsOf(kind).keys()];
  const groupBy = groupings.length > 0 ? oneOf(groupings) : noGroups;
  if (groupings.length > 0) declareGrouping(SummaryForm, groupBy);
  declareFilters(SummaryForm, kind);

  class CheckedForm extends SummaryForm {}
  if (groupings.length === 0) declareGrouping(CheckedForm, groupBy);
  return { form: refusingOtherFilters<SummaryRequest>(CheckedForm, kind), documented: SummaryForm };
}

function declareGrouping(form: FormClass, groupBy: FieldFormat): void {
  declareOptional(form, 'group_by', groupBy, 'What the records are grouped by; no groups when left out');
  declareOptional(form, 'top', wholeNumberText(1, MAX_TOP), `The largest groups; ${DEFAULT_TOP} when left out`);
}

const noGroups: FieldFormat<never> = {
  expected: 'left out: these records have no field to group by',
  schema: { not: {} },
  parse: () => undefined,
};
