import { judgeTime, MAX_FUTURE_MS } from '#libs/contracts';
import { BadRequestError } from '../../http/api-error.js';

const PROBLEMS = {
  'too old': (retentionDays: number) => `is too old: events are kept for ${retentionDays} days`,
  'in the future': () => `is more than ${MAX_FUTURE_MS / 60_000} minutes in the future`,
};

/** @throws BadRequestError naming the field from which the time came, for a time at which no event is stored */
export function requireStorableTime(field: string, occurredAt: number, now: number, retentionDays: number): void {
  const verdict = judgeTime(occurredAt, now, retentionDays);
  if (verdict === 'in time') return;
  throw new BadRequestError([{ field, message: PROBLEMS[verdict](retentionDays) }]);
}
