/** The SQLSTATEs that this system knows by name (PostgreSQL manual, appendix A). Everybody takes them from here. */
export const SQLSTATE = {
  /** A row with this key is there already. */
  uniqueViolation: '23505',
  /** Raised for a row without a partition too: that is missing upkeep, not bad data. */
  checkViolation: '23514',
  /** The database is read-only, or a standby. */
  readOnlyTransaction: '25006',
  /** Two transactions changed the same; the same again succeeds. */
  serializationFailure: '40001',
  /** Postgres ended one of several transactions that waited for one another; the same again succeeds. */
  deadlockDetected: '40P01',
  /** A table of that name is there already. */
  duplicateTable: '42P07',
  /** No room is left for what should be written. */
  diskFull: '53100',
  /** The lock table is full (`max_locks_per_transaction`); with fewer tables at once the same succeeds. */
  outOfSharedMemory: '53200',
  /** A lock could not be had within `lock_timeout`. */
  lockNotAvailable: '55P03',
  /** A bug in Postgres; on Citus, anything that a shard refused of a COPY, without its own SQLSTATE. */
  internalError: 'XX000',
} as const;

/**
 * What a failure means for the work that failed:
 * - `data`: Postgres will never accept this very data; the rest of its batch it may
 * - `outage`: the database, the way to it or its schema is not as it must be; the same again may succeed, once it is
 * - `unexpected`: it is no failure of the database, so the fault is in this program or in what it was given
 */
export type DatabaseFailure = 'data' | 'outage' | 'unexpected';

/** SQLSTATE classes of what is wrong with the data itself. Every other class is an outage, see {@link classOfState}. */
const DATA_CLASSES = new Set([
  '22', // data exception: out of range, no valid text, …
  '23', // integrity constraint violation
]);

/** Errors without an SQLSTATE by which node-postgres and its pool say that a connection could not be had, or was lost. */
const CONNECTION_MESSAGES =
  /^(?:Connection terminated|timeout (?:exceeded|expired)|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool|The server does not support SSL|There was an error establishing an SSL connection|Received unexpected \w+ message from backend|SASL: )/;
/** The same by name: TypeORM's, whose query runner ends with its connection, and ours for `target_session_attrs`. */
const CONNECTION_ERRORS = new Set([
  'WrongServerError',
  'QueryRunnerAlreadyReleasedError',
  'TransactionNotStartedError',
  'ConnectionIsNotSetError',
  'CannotExecuteNotConnectedError',
  'NotConnectedError',
]);
/**
 * The database takes nobody in, or no changes, whatever they are: wrong credentials, no such database, no connections or
 * room left, read-only.
 */
const UNAVAILABLE_STATES = /^(?:28|3D|53|25006)/;
/** Connection exception, and a server that shuts down, has crashed or starts. */
const CONNECTION_STATES = /^(?:08|57P0[1-3])/;
/** The operator has to see to it, as to a database that is away; then the same again succeeds. */
const OPERATORS_ERRORS = new Set(['ErasureLogError']);
/** Something took too long, or was ended because the service stops. */
const ENDED = new Set(['AbortError', 'TimeoutError']);
/** A system error of the socket, such as ECONNREFUSED; Node's own errors are named ERR_…. */
const SYSTEM_ERROR = /^E[A-Z0-9_]{2,}$/;
/** The codes of failures of TLS: OpenSSL's verdicts on a certificate, and Node's. */
const TLS_ERROR =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH_EXCEEDED)/;
/** The first two characters are a class of the SQL standard or of Postgres, so that EPIPE is none. */
const STATE = /^(?:[0-9][0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/;

export function classifyDatabaseError(error: unknown): DatabaseFailure {
  const state = sqlState(error);
  if (state !== undefined) return classOfState(state);
  return isConnectionFailure(error) || hasName(error, ENDED) || hasName(error, OPERATORS_ERRORS)
    ? 'outage'
    : 'unexpected';
}

/**
 * Whatever is not the data's own fault waits and is tried again: an overloaded server as well as a column that is not
 * there yet (class 42), or a right that is missing. These are mended by people, and then nothing may be missing.
 */
function classOfState(state: string): DatabaseFailure {
  return DATA_CLASSES.has(state.slice(0, 2)) && state !== SQLSTATE.checkViolation ? 'data' : 'outage';
}

/** Whether a connection to the database could not be had, or was lost. */
export function isConnectionFailure(error: unknown): boolean {
  return parts(error).some(({ code, name, message }) => {
    if (typeof name === 'string' && CONNECTION_ERRORS.has(name)) return true;
    if (typeof message === 'string' && CONNECTION_MESSAGES.test(message)) return true;
    if (typeof code !== 'string') return false;
    return (
      CONNECTION_STATES.test(code) || TLS_ERROR.test(code) || (SYSTEM_ERROR.test(code) && !code.startsWith('ERR_'))
    );
  });
}

/** Whether the database cannot be used at all for now, so that all work on it fails in the same way. */
export function isUnavailable(error: unknown): boolean {
  const state = sqlState(error);
  if (isConnectionFailure(error)) return true;
  return state !== undefined && state !== SQLSTATE.outOfSharedMemory && UNAVAILABLE_STATES.test(state);
}

function hasName(error: unknown, names: ReadonlySet<string>): boolean {
  return parts(error).some(({ name }) => typeof name === 'string' && names.has(name));
}

/** The SQLSTATE of an error of the driver or of TypeORM's wrapper around it; undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  for (const { code } of parts(error)) if (typeof code === 'string' && STATE.test(code)) return code;
  return undefined;
}

interface ErrorPart {
  name?: unknown;
  code?: unknown;
  message?: unknown;
  /** TypeORM's wrapper has the driver's error. */
  driverError?: unknown;
  /** An AggregateError has one for each address of a name. */
  errors?: unknown;
}

/** The error, then what it wraps. */
function parts(error: unknown): ErrorPart[] {
  if (typeof error !== 'object' || error === null) return [];
  const { driverError, errors } = error as ErrorPart;
  const inner = driverError === error ? [] : parts(driverError);
  return [error, ...inner, ...(Array.isArray(errors) ? (errors as unknown[]).flatMap(parts) : [])];
}
