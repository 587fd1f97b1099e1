import { v7 as uuidV7 } from 'uuid';
import { uuidV7Time, type CompiledKind, type StatisticFields } from '#libs/contracts';
import { BadRequestError } from '../../http/api-error.js';

export interface StampedIdentity {
  eventId: string;
  /** Unix milliseconds. */
  occurredAt: number;
  /** The request field that the time comes from; undefined if it is the time of the request. */
  timeFrom?: string;
}

/**
 * Determines the identity and time of an event from a request. Missing values are added before publishing, so that an
 * event that is published again is the same event.
 *
 * @throws BadRequestError if there is no time and the id is not a UUIDv7: a retry would be a different event
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
    const message = 'is required if event_id is not a UUIDv7';
    throw new BadRequestError([{ field: 'occurred_at', message }]);
  }
  return { eventId, occurredAt: time, timeFrom: 'event_id' };
}
