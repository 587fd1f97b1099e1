import type { Type } from '@nestjs/common';
import { FILTERS, filtersOf, type Filter, type StatisticKind } from '#libs/contracts';
import { IsInstantText, IsLeftOut, IsSnowflake, IsWholeNumberText } from '../../requests/field.decorators.js';
import { GuildRequest } from '../../requests/guild-request.dto.js';
import { MAX_DAYS, MAX_WINDOW_DAYS, type WindowFields } from './window.js';

/** A request that names a guild and a window. */
export class WindowRequest extends GuildRequest implements WindowFields {
  @IsWholeNumberText(1, MAX_DAYS, {
    optional: true,
    description: `The last days up to now; ${MAX_DAYS} when left out`,
  })
  days?: number;

  @IsInstantText({
    optional: true,
    description: `Instead of days: from this moment on, at most ${MAX_WINDOW_DAYS} days`,
  })
  from?: number;

  @IsInstantText({ optional: true, description: 'With from: up to and without this moment; now when left out' })
  to?: number;
}

/** The records of a window, or those of them that a user or a channel has to do with. */
export interface FilteredRequest extends WindowRequest, Partial<Record<Filter, string>> {}

const FILTER_DESCRIPTIONS: Readonly<Record<Filter, string>> = {
  user_id: 'Only records of this user',
  channel_id: 'Only records of this channel',
};

/** Declares the filters that the kind has; others are refused, as the answer would not be what was asked for. */
export function declareFilters(dto: Type<FilteredRequest>, kind: StatisticKind): void {
  const has = (filter: Filter) => filtersOf(kind).includes(filter);
  for (const filter of FILTERS.filter(has)) {
    declareField(dto, filter, IsSnowflake({ optional: true, description: FILTER_DESCRIPTIONS[filter] }));
  }
  for (const filter of FILTERS.filter((one) => !has(one))) {
    declareField(dto, filter, IsLeftOut('these records have no such field to filter by'));
  }
}

/** Declares a field that depends on the kind. */
export function declareField(dto: Type<object>, name: string, decorator: PropertyDecorator): void {
  decorator(dto.prototype as object, name);
}
