import { QueryFailedError } from 'typeorm';
import { sqlState } from '#libs/database';

/** The service has not reached its database yet. */
export class NotConnectedError extends Error {
  override readonly name = 'NotConnectedError';

  constructor() {
    super('the database is not connected yet');
  }
}

/** Failures to connect that node-postgres and its pool tell by their message alone. */
const CONNECTION_MESSAGES =
  /^(?:Connection terminated|timeout (?:exceeded|expired)|Client has encountered a connection error|Client was closed|Cannot use a pool|The server does not support SSL|connect )/;
const SYSTEM_ERROR = /^E[A-Z_]{2,}$/;

/** Whether it is the database (or the way to it) that failed, and not this program. */
export function isDatabaseFailure(error: unknown): boolean {
  if (error instanceof NotConnectedError || error instanceof QueryFailedError) return true;
  if (typeof error !== 'object' || error === null) return false;
  const { code, message } = error as { code?: unknown; message?: unknown };
  // A system error of the socket, such as ECONNREFUSED; Node's own errors are named ERR_….
  const isSystemError = typeof code === 'string' && SYSTEM_ERROR.test(code) && !code.startsWith('ERR_');
  return sqlState(error) !== undefined || isSystemError || CONNECTION_MESSAGES.test(String(message));
}
