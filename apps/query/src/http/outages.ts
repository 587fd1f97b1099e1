import { BrokerUnavailableError } from '#libs/broker';
import type { Database } from '#libs/database';
import type { LogIds, OutageLog } from '#libs/observability';
import type { ApiError } from './api-error.js';

/** Logs outages of the database and of the handover, instead of every request that fails because of one. */
export class Outages {
  /** @param handover of events */
  constructor(
    private readonly database: Pick<Database, 'noteFailure'>,
    private readonly handover: Pick<OutageLog, 'note'>,
  ) {}

  /** Notes the error of a request. @returns false if no outage caused it; then the caller logs it */
  note({ cause }: ApiError, ids?: LogIds): boolean {
    if (!(cause instanceof BrokerUnavailableError)) return this.database.noteFailure(cause, ids);
    this.handover.note(cause, ids);
    return true;
  }
}
