import { EventError } from './event-error.js';

/** @param field what the time, in Unix milliseconds, was taken from */
export function futureEvent(occurredAt: number, field: string): EventError {
  const message = `says ${new Date(occurredAt).toISOString()}, more than 5 minutes in the future`;
  return new EventError('FutureEventError', `${field} ${message}`, [{ field, message }]);
}
