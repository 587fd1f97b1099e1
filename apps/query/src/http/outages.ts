import { BrokerUnavailableError } from '#libs/broker';
import type { Database } from '#libs/database';
import type { LogIds, OutageLog } from '#libs/observability';
import type { ApiError } from './api-error.js';

/** Outages of what requests need: one log for all requests that fail because of one. */
export class Outages {
  /** @param handover of events */
  constructor(
    private readonly database: Pick<Database, 'noteFailure'>,
    private readonly handover: Pick<OutageLog, 'note'>,
  ) {}

  /** Takes the error of a request. @returns false for one that no outage caused; the caller logs it */
  note({ cause }: ApiError, ids?: LogIds): boolean {
    if (!(cause instanceof BrokerUnavailableError)) return this.database.noteFailure(cause, ids);
    this.handover.note(cause, ids);
    return true;
  }
}
