import { v7 as uuidV7 } from 'uuid';
import { uuidV7Time, type CompiledKind, type StatisticFields } from '#libs/contracts';
import { BadRequestError } from '../../http/api-error.js';

export interface StampedIdentity {
  eventId: string;
  /** Unix milliseconds. */
  occurredAt: number;
  /** The field of the request that decided the time; undefined when it is the time of the request. */
  timeFrom?: string;
}

/**
 * Identity and time of an event that came as a request. What is missing is stamped here, before publishing: an event
 * that is published again is the same event.
 *
 * @throws BadRequestError for an id that bears no time, when no time was given: a repeat would be another event
 */
export function stampIdentity(kind: CompiledKind, fields: StatisticFields, now: number): StampedIdentity {
  if (kind.snowflake(fields) !== null) {
    const { eventId, occurredAt } = kind.identify(fields, { arrivedAt: now });
    return { eventId, occurredAt, timeFrom: kind.definition.identifiedBy };
  }
  const { eventId, occurredAt } = fields.given;
  if (occurredAt !== undefined) return { eventId: eventId ?? uuidV7(), occurredAt, timeFrom: 'occurred_at' };
  if (eventId === undefined) return { eventId: uuidV7(), occurredAt: now };
  const time = uuidV7Time(eventId);
  if (time === undefined) {
    const message = 'is required beside an event_id that is not a UUIDv7';
    throw new BadRequestError([{ field: 'occurred_at', message }]);
  }
  return { eventId, occurredAt: time, timeFrom: 'event_id' };
}
