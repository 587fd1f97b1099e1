import { QueryFailedError } from 'typeorm';
import { isConnectionFailure, sqlState } from '#libs/database';

/** The service has not connected to its database yet. */
export class NotConnectedError extends Error {
  override readonly name = 'NotConnectedError';

  constructor() {
    super('the database is not connected yet');
  }
}

/** No connection became available in time, because the database is overloaded or slow. */
export class ConnectionWaitError extends Error {
  override readonly name = 'ConnectionWaitError';

  constructor(kind: string, waitedMs: number) {
    super(`no database connection for "${kind}" became available within ${waitedMs} ms`);
  }
}

/** Whether the database or the connection to it failed, as opposed to a bug of this program. */
export function isDatabaseFailure(error: unknown): boolean {
  if (error instanceof NotConnectedError || error instanceof ConnectionWaitError) return true;
  if (error instanceof QueryFailedError) return true;
  return sqlState(error) !== undefined || isConnectionFailure(error);
}
