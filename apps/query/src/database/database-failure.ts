import { QueryFailedError } from 'typeorm';
import { isConnectionFailure, sqlState } from '#libs/database';

/** The service has not reached its database yet. */
export class NotConnectedError extends Error {
  override readonly name = 'NotConnectedError';

  constructor() {
    super('the database is not connected yet');
  }
}

/** So much is asked of the database, or it is so slow, that the turn of this did not come in time. */
export class TurnTimeoutError extends Error {
  override readonly name = 'TurnTimeoutError';

  constructor(kind: string, waitedMs: number) {
    super(`the database was busy for ${waitedMs} ms with others of the kind "${kind}"`);
  }
}

/** Whether it is the database (or the way to it) that failed, and not this program. */
export function isDatabaseFailure(error: unknown): boolean {
  if (error instanceof NotConnectedError || error instanceof TurnTimeoutError) return true;
  if (error instanceof QueryFailedError) return true;
  return sqlState(error) !== undefined || isConnectionFailure(error);
}
