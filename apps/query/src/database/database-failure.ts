import { QueryFailedError } from 'typeorm';
import { isConnectionFailure, sqlState } from '#libs/database';

/** The service has not reached its database yet. */
export class NotConnectedError extends Error {
  override readonly name = 'NotConnectedError';

  constructor() {
    super('the database is not connected yet');
  }
}

/** Whether it is the database (or the way to it) that failed, and not this program. */
export function isDatabaseFailure(error: unknown): boolean {
  if (error instanceof NotConnectedError || error instanceof QueryFailedError) return true;
  return sqlState(error) !== undefined || isConnectionFailure(error);
}
