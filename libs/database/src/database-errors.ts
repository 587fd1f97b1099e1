/**
 * What a failure of the database means, by SQLSTATE (PostgreSQL manual, appendix A):
 * - `data`: this very data will never be accepted; the rest of its batch may be
 * - `transient`: the database could not do it now; the same again may succeed
 */
export type DatabaseFailure = 'data' | 'transient';

const DATA_EXCEPTION = '22';
const INTEGRITY_CONSTRAINT_VIOLATION = '23';
/** Raised for a row without a partition too: that is missing upkeep, not bad data. */
const CHECK_VIOLATION = '23514';

export function classifyDatabaseError(error: unknown): DatabaseFailure {
  const state = sqlState(error);
  if (state === undefined || state === CHECK_VIOLATION) return 'transient';
  const sqlClass = state.slice(0, 2);
  return sqlClass === DATA_EXCEPTION || sqlClass === INTEGRITY_CONSTRAINT_VIOLATION ? 'data' : 'transient';
}

/** The SQLSTATE of an error of the driver or of TypeORM's wrapper around it; undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const own = (error as { code?: unknown }).code;
  if (typeof own === 'string' && /^[0-9A-Z]{5}$/.test(own)) return own;
  return sqlState((error as { driverError?: unknown }).driverError);
}
