import type { Type } from '@nestjs/common';
import { groupingsOf, type StatisticKind } from '#libs/contracts';
import { IsOmitted, IsOneOf, IsWholeNumberText } from '../../requests/field.decorators.js';
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

/** Creates the request DTO of a kind's summary. The order of the fields is that of the API document. */
export function summaryRequest(kind: StatisticKind): Type<SummaryRequest> {
  class KindSummaryRequest extends WindowRequest {}
  const declare = (name: keyof SummaryRequest, decorator: PropertyDecorator) =>
    declareField(KindSummaryRequest, name, decorator);

  declare('interval', IsOneOf(INTERVALS, { optional: true, description: 'The length of a bucket. Defaults to day' }));
  declare('timezone', IsTimeZone({ optional: true, description: 'The time zone of the buckets. Defaults to UTC' }));
  const groupings = [...groupingsOf(kind).keys()];
  const hasGroups = groupings.length > 0;
  const groupBy = { optional: true, description: 'The field to group by. Without it, there are no groups' };
  const top = {
    optional: true,
    documented: hasGroups,
    description: `The number of largest groups to return. Defaults to ${DEFAULT_TOP}`,
  };
  declare('group_by', hasGroups ? IsOneOf(groupings, groupBy) : IsOmitted('these records cannot be grouped'));
  declare('top', IsWholeNumberText(1, MAX_TOP, top));
  declareFilters(KindSummaryRequest, kind);
  return KindSummaryRequest;
}
