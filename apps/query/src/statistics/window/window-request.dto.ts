import type { Type } from '@nestjs/common';
import { FILTERS, filtersOf, type Filter, type StatisticKind } from '#libs/contracts';
import { IsInstantText, IsOmitted, IsSnowflake, IsWholeNumberText } from '../../requests/field.decorators.js';
import { GuildRequest } from '../../requests/guild-request.dto.js';
import { MAX_DAYS, MAX_WINDOW_DAYS, type WindowFields } from './window.js';

/** A request with a guild and a window. */
export class WindowRequest extends GuildRequest implements WindowFields {
  @IsWholeNumberText(1, MAX_DAYS, {
    optional: true,
    description: `The number of days up to now. Defaults to ${MAX_DAYS}`,
  })
  days?: number;

  @IsInstantText({
    optional: true,
    description: `The start of the window, instead of days. The window can have at most ${MAX_WINDOW_DAYS} days`,
  })
  from?: number;

  @IsInstantText({ optional: true, description: 'The end of the window, exclusive. Requires from. Defaults to now' })
  to?: number;
}

/** A request for the records of a window, optionally only those of a user or a channel. */
export interface FilteredRequest extends WindowRequest, Partial<Record<Filter, string>> {}

const FILTER_DESCRIPTIONS: Readonly<Record<Filter, string>> = {
  user_id: 'Only records of this user',
  channel_id: 'Only records of this channel',
};

/** Declares the filters of a kind. Other filters are rejected, because ignoring them would return the wrong records. */
export function declareFilters(dto: Type<FilteredRequest>, kind: StatisticKind): void {
  const has = (filter: Filter) => filtersOf(kind).includes(filter);
  for (const filter of FILTERS.filter(has)) {
    declareField(dto, filter, IsSnowflake({ optional: true, description: FILTER_DESCRIPTIONS[filter] }));
  }
  for (const filter of FILTERS.filter((one) => !has(one))) {
    declareField(dto, filter, IsOmitted('these records do not have this field'));
  }
}

/** Declares a field that depends on the kind. */
export function declareField(dto: Type<object>, name: string, decorator: PropertyDecorator): void {
  decorator(dto.prototype as object, name);
}
