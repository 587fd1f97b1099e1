/** The SQLSTATEs that this system handles (PostgreSQL manual, appendix A). */
export const SQLSTATE = {
  /** A row with this key exists. */
  uniqueViolation: '23505',
  /** Also raised for a row without a partition. That is a fault of maintenance, not of the data. */
  checkViolation: '23514',
  /** The database is read-only or a standby. */
  readOnlyTransaction: '25006',
  /** A concurrent transaction changed the same rows. A retry succeeds. */
  serializationFailure: '40001',
  /** Postgres aborted one of several transactions that waited for each other. A retry succeeds. */
  deadlockDetected: '40P01',
  /** A table with this name exists. */
  duplicateTable: '42P07',
  /** The disk is full. */
  diskFull: '53100',
  /** The lock table is full (`max_locks_per_transaction`). A retry that locks fewer tables succeeds. */
  outOfSharedMemory: '53200',
  /** A lock was not granted within `lock_timeout`. */
  lockNotAvailable: '55P03',
  /** A bug in Postgres. On Citus, also any error of a shard during COPY; its own SQLSTATE is lost. */
  internalError: 'XX000',
} as const;

/**
 * What a failure means for the work that failed:
 * - `data`: Postgres never accepts this data; it may accept the rest of the batch
 * - `outage`: the database, the connection or the schema is at fault; a retry succeeds once that is repaired
 * - `unexpected`: not a failure of the database; the fault is in this program or its input
 */
export type DatabaseFailure = 'data' | 'outage' | 'unexpected';

/** SQLSTATE classes of errors in the data itself. Every other class is an outage, see {@link classOfState}. */
const DATA_CLASSES = new Set([
  '22', // data exception: out of range, invalid text, …
  '23', // integrity constraint violation
]);

/** Messages of node-postgres and its pool, without an SQLSTATE, for a connection that failed or was lost. */
const CONNECTION_MESSAGES =
  /^(?:Connection terminated|timeout (?:exceeded|expired)|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool|The server does not support SSL|There was an error establishing an SSL connection|Received unexpected \w+ message from backend|SASL: )/;
/** Names of errors with the same meaning: of TypeORM's query runners, and ours for `target_session_attrs`. */
const CONNECTION_ERRORS = new Set([
  'WrongServerError',
  'QueryRunnerAlreadyReleasedError',
  'TransactionNotStartedError',
  'ConnectionIsNotSetError',
  'CannotExecuteNotConnectedError',
  'NotConnectedError',
  'UnnumberedKindError',
]);
/**
 * The database accepts no connections or no changes at all: wrong credentials, no such database, no connections or disk
 * space left, read-only.
 */
const UNAVAILABLE_STATES = /^(?:28|3D|53|25006)/;
/** A connection exception, or a server that is shutting down, has crashed or is starting. */
const CONNECTION_STATES = /^(?:08|57P0[1-3])/;
/** As with an outage, a retry succeeds after the operator has repaired the cause. */
const OPERATOR_ERRORS = new Set(['ErasureLogError']);
/** The work timed out, or was aborted because the service stops. */
const ABORTED = new Set(['AbortError', 'TimeoutError']);
/** A system error of the socket, such as ECONNREFUSED. Codes of Node's own errors begin with ERR_. */
const SYSTEM_ERROR = /^E[A-Z0-9_]{2,}$/;
/** TLS errors: of OpenSSL about a certificate, and of Node. */
const TLS_ERROR =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH_EXCEEDED)/;
/** The first two characters are a class of the SQL standard or of Postgres, so that EPIPE does not match. */
const STATE = /^(?:[0-9][0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/;

export function classifyDatabaseError(error: unknown): DatabaseFailure {
  const state = sqlState(error);
  if (state !== undefined) return classOfState(state);
  return isConnectionFailure(error) || hasName(error, ABORTED) || hasName(error, OPERATOR_ERRORS)
    ? 'outage'
    : 'unexpected';
}

/**
 * Everything that is not an error of the data is retried: an overloaded server, and also a missing column (class 42) or
 * a missing privilege. People repair these, and no event may be lost until then.
 */
function classOfState(state: string): DatabaseFailure {
  return DATA_CLASSES.has(state.slice(0, 2)) && state !== SQLSTATE.checkViolation ? 'data' : 'outage';
}

/** Whether a connection to the database failed or was lost. */
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

/** The SQLSTATE of an error of the driver, or of TypeORM's wrapper around it. Undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  for (const { code } of parts(error)) if (typeof code === 'string' && STATE.test(code)) return code;
  return undefined;
}

interface ErrorPart {
  name?: unknown;
  code?: unknown;
  message?: unknown;
  /** The driver's error in TypeORM's wrapper. */
  driverError?: unknown;
  /** Of an AggregateError, such as one error for each address of a host name. */
  errors?: unknown;
}

/** The error, then the errors that it wraps. */
function parts(error: unknown): ErrorPart[] {
  if (typeof error !== 'object' || error === null) return [];
  const { driverError, errors } = error as ErrorPart;
  const inner = driverError === error ? [] : parts(driverError);
  return [error, ...inner, ...(Array.isArray(errors) ? (errors as unknown[]).flatMap(parts) : [])];
}
