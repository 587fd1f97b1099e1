import { isNativeError } from 'node:util/types';
import { codeOf, isSqlState, mayHoldData } from './error-code.js';
import { withoutCredentials } from './without-credentials.js';

const MAX_LENGTH = 500;

/**
 * Describes an error in one line for people, without a stack, credentials or values from the database. Contains the
 * SQLSTATE of a database error and all errors of an AggregateError. Never empty.
 */
export function describeError(error: unknown): string {
  const line = withoutCredentials(messageOf(error)).replaceAll(/\s+/g, ' ').trim();
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line || 'error without a message';
}

function messageOf(error: unknown): string {
  if (!isNativeError(error)) return String(error);
  // Connecting to a host with several addresses fails with an empty message and one error per address.
  const { errors } = error as AggregateError;
  if (Array.isArray(errors) && errors.length > 0) {
    const each = [...new Set(errors.map(messageOf))].join('; ');
    return error.message ? `${error.message}: ${each}` : each;
  }
  const code = codeOf(error);
  if (!isSqlState(code)) return error.message || (typeof code === 'string' ? code : error.name);
  return `${mayHoldData(code) ? 'the database refused a value' : error.message} (SQLSTATE ${code})`;
}
