import type { Type } from '@nestjs/common';
import { groupingsOf, type StatisticKind } from '#libs/contracts';
import { IsLeftOut, IsOneOf, IsWholeNumberText } from '../../requests/field.decorators.js';
import { declareField, declareFilters, WindowRequest, type FilteredRequest } from '../window/window-request.dto.js';
import { INTERVALS, type Interval } from './local-buckets.js';
import { IsTimeZone } from './is-time-zone.decorator.js';

export const DEFAULT_TOP = 10;
const MAX_TOP = 100;

/** The query string of a summary. */
export interface SummaryRequest extends FilteredRequest {
  interval?: Interval;
  timezone?: string;
  group_by?: string;
  top?: number;
}

/** The DTO of a kind's summary. Declared in the order in which the documents list it. */
export function summaryRequest(kind: StatisticKind): Type<SummaryRequest> {
  class KindSummaryRequest extends WindowRequest {}
  const declare = (name: keyof SummaryRequest, decorator: PropertyDecorator) =>
    declareField(KindSummaryRequest, name, decorator);

  declare('interval', IsOneOf(INTERVALS, { optional: true, description: 'The length of a bucket; day when left out' }));
  declare(
    'timezone',
    IsTimeZone({ optional: true, description: 'Whose days and hours the buckets are; UTC when left out' }),
  );
  const groupings = [...groupingsOf(kind).keys()];
  const hasGroups = groupings.length > 0;
  const groupBy = { optional: true, description: 'What the records are grouped by; no groups when left out' };
  const top = {
    optional: true,
    documented: hasGroups,
    description: `The largest groups; ${DEFAULT_TOP} when left out`,
  };
  declare('group_by', hasGroups ? IsOneOf(groupings, groupBy) : IsLeftOut('these records have no field to group by'));
  declare('top', IsWholeNumberText(1, MAX_TOP, top));
  declareFilters(KindSummaryRequest, kind);
  return KindSummaryRequest;
}
