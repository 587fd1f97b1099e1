/** The SQLSTATE, errno name or similar code of an error, or of the driver's error that TypeORM wraps. */
export function codeOf(error: Error): unknown {
  const { code, driverError } = error as NodeJS.ErrnoException & { driverError?: { code?: unknown } };
  return code ?? driverError?.code;
}

/** Whether a code starts with a class of the SQL standard or Postgres and has five characters. EPIPE does not match. */
export function isSqlState(code: unknown): code is string {
  return typeof code === 'string' && /^(?:[0-9][0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/.test(code);
}

/**
 * Whether the message of a database error, and therefore its stack, may contain stored values: data exceptions (class
 * 22) name the value, and exceptions of PL/pgSQL (P0) can contain anything.
 */
export function mayHoldData(code: unknown): boolean {
  return isSqlState(code) && (code.startsWith('22') || code.startsWith('P0'));
}
