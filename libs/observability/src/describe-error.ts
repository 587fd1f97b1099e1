import { isNativeError } from 'node:util/types';
import { codeOf, isSqlState, mayHoldData } from './error-code.js';
import { withoutCredentials } from './without-credentials.js';

const MAX_LENGTH = 500;
/** Of causes of causes, because an error may be its own cause. */
const MAX_DEPTH = 5;

/**
 * Describes an error in one line for people, without a stack, credentials or values from the database. Contains the
 * SQLSTATE of a database error, all errors of an AggregateError, and all causes. Never empty.
 */
export function describeError(error: unknown): string {
  const line = withoutCredentials(chainOf(error)).replaceAll(/\s+/g, ' ').trim();
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line || 'error without a message';
}

/** The message, then that of its cause where it says more. */
function chainOf(error: unknown, depth = 0): string {
  const message = messageOf(error, depth);
  if (!isNativeError(error) || !isNativeError(error.cause) || depth === MAX_DEPTH) return message;
  const cause = chainOf(error.cause, depth + 1);
  return message.includes(cause) ? message : `${message} (cause: ${cause})`;
}

function messageOf(error: unknown, depth: number): string {
  if (!isNativeError(error)) return String(error);
  // Connecting to a host with several addresses fails with an empty message and one error per address.
  const { errors } = error as AggregateError;
  if (Array.isArray(errors) && errors.length > 0 && depth < MAX_DEPTH) {
    const each = [...new Set(errors.map((one) => chainOf(one, depth + 1)))].join('; ');
    return error.message ? `${error.message}: ${each}` : each;
  }
  const code = codeOf(error);
  if (!isSqlState(code)) return error.message || (typeof code === 'string' ? code : error.name);
  return `${mayHoldData(code) ? 'the database refused a value' : error.message} (SQLSTATE ${code})`;
}
