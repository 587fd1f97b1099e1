/** SQLSTATE, errno name or the like. Errors of drivers are wrapped by TypeORM. */
export function codeOf(error: Error): unknown {
  const { code, driverError } = error as NodeJS.ErrnoException & { driverError?: { code?: unknown } };
  return code ?? driverError?.code;
}

/** Five characters that begin with one of the classes of the SQL standard or of Postgres, so that EPIPE is none. */
export function isSqlState(code: unknown): code is string {
  return typeof code === 'string' && /^(?:[0-9][0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/.test(code);
}

/**
 * Whether the database's text may repeat what people wrote: a data exception (class 22) names the value, and what a
 * trigger raises (P0) says whatever its author liked. A stack begins with that text.
 */
export function mayHoldData(code: unknown): boolean {
  return isSqlState(code) && (code.startsWith('22') || code.startsWith('P0'));
}
