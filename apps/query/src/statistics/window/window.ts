import { DAY_MS, type TimeWindow } from '#libs/statistics';
import type { FieldError } from '#libs/contracts';
import { BadRequestError } from '../../http/api-error.js';

/** The window fields of a request, with times in Unix milliseconds. */
export interface WindowFields {
  days?: number;
  from?: number;
  to?: number;
}

export const MAX_DAYS = 30;
export const MAX_WINDOW_DAYS = 31;

/**
 * The window of a view: the last days up to now, or the requested period. It is clipped to the retention.
 *
 * @param maxDays the maximum length
 * @throws BadRequestError that names the fields that contradict each other
 */
export function resolveWindow(
  fields: WindowFields,
  now: number,
  retentionDays: number,
  maxDays = MAX_WINDOW_DAYS,
): TimeWindow {
  const { days, from } = fields;
  const mistakes = contradictions(fields);
  if (mistakes.length > 0) throw new BadRequestError(mistakes);
  const to = Math.min(fields.to ?? now, now);
  const start = from ?? now - (days ?? MAX_DAYS) * DAY_MS;
  if (start >= to) {
    const message = fields.to === undefined || fields.to > now ? 'must be in the past' : 'must be before to';
    throw new BadRequestError([{ field: 'from', message }]);
  }
  if (to - start > maxDays * DAY_MS) {
    throw new BadRequestError([{ field: 'from', message: `must be at most ${maxDays} days before to` }]);
  }
  return withinRetention({ from: start, to }, now, retentionDays, maxDays);
}

/** Clips a window to the retention and the maximum length. It is empty if all of it is beyond the retention. */
export function withinRetention(
  { from, to }: TimeWindow,
  now: number,
  retentionDays: number,
  maxDays = MAX_WINDOW_DAYS,
): TimeWindow {
  const oldest = Math.max(now - retentionDays * DAY_MS, to - maxDays * DAY_MS);
  const start = Math.min(Math.max(from, oldest), now);
  return { from: start, to: Math.max(Math.min(to, now), start) };
}

function contradictions({ days, from, to }: WindowFields): FieldError[] {
  const hasPeriod = from !== undefined || to !== undefined;
  if (days !== undefined && hasPeriod) return [{ field: 'days', message: 'cannot be combined with from or to' }];
  if (to !== undefined && from === undefined) return [{ field: 'to', message: 'requires from' }];
  return [];
}
