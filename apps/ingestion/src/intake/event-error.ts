import type { FieldError } from '#libs/contracts';

export const EVENT_ERRORS = [
  /** The message cannot be parsed. */
  'MalformedMessageError',
  /** Neither the routing key nor the pattern names an event of this queue. */
  'UnknownEventError',
  /** A field is missing or wrong. */
  'InvalidEventError',
  /** The event is more than five minutes ahead of this system's clock. */
  'FutureEventError',
  /** Postgres rejects the data of this event. */
  'RefusedByDatabaseError',
  /** An unexpected error of this program. */
  'UnexpectedError',
] as const;

export type EventErrorName = (typeof EVENT_ERRORS)[number];

/** Why an event can never be stored. Its dead letter contains this error. */
export class EventError extends Error {
  constructor(
    override readonly name: EventErrorName,
    message: string,
    readonly fields: readonly FieldError[] = [],
  ) {
    super(message);
  }

  static invalid(fields: readonly FieldError[]): EventError {
    return new EventError(
      'InvalidEventError',
      fields.map(({ field, message }) => `${field} ${message}`).join('; '),
      fields,
    );
  }
  /** @param occurredAt Unix milliseconds @param field the field that gave the time */
  static inFuture(occurredAt: number, field: string): EventError {
    const message = `says ${new Date(occurredAt).toISOString()}, more than 5 minutes in the future`;
    return new EventError('FutureEventError', `${field} ${message}`, [{ field, message }]);
  }
}
