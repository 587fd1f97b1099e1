import { v7 as uuidV7 } from 'uuid';
import { givenIdentity, uuidV7Time, type CompiledKind, type StatisticFields } from '#libs/contracts';
import { BadRequestError } from '../../http/api-error.js';

export interface StampedIdentity {
  /** Of the record. */
  eventId: string;
  /** Unix milliseconds. */
  occurredAt: number;
  /** The request field that the time comes from; undefined if it is the time of the request. */
  timeFrom?: string;
  /** The fields of identity and time to publish, as far as they identify events of the kind. */
  published: { event_id?: string; occurred_at?: string };
}

/**
 * Determines the identity and time of an event from a request. Missing values are added before publishing, so that an
 * event that is published again is the same event.
 *
 * @throws BadRequestError if there is no time and the id is not a UUIDv7: a retry would be a different event
 */
export function stampIdentity(kind: CompiledKind, fields: StatisticFields, now: number): StampedIdentity {
  const needed = givenIdentity(kind.definition);
  const isStamped = fields.given.eventId === undefined && fields.given.occurredAt === undefined;
  const given = { eventId: fields.given.eventId ?? uuidV7(), occurredAt: isStamped ? now : fields.given.occurredAt };
  if (given.occurredAt === undefined && uuidV7Time(given.eventId) === undefined) {
    const message = 'is required if event_id is not a UUIDv7';
    throw new BadRequestError([{ field: 'occurred_at', message }]);
  }
  const { eventId, occurredAt, timeFrom } = kind.identify({ ...fields, given }, { arrivedAt: now });
  return {
    eventId,
    occurredAt,
    timeFrom: isStamped && timeFrom === 'occurred_at' ? undefined : timeFrom,
    published: {
      ...(needed.eventId && { event_id: given.eventId }),
      ...(needed.occurredAt && { occurred_at: new Date(occurredAt).toISOString() }),
    },
  };
}
