import { isNativeError } from 'node:util/types';
import { codeOf, isSqlState, mayHoldData } from './error-code.js';
import { withoutCredentials } from './without-credentials.js';

const LONGEST = 500;

/**
 * One line that says what failed, for people: no stack, no credentials, nothing that people wrote, never empty. With the
 * SQLSTATE of an error of the database, and with all errors that an AggregateError holds.
 */
export function describeError(error: unknown): string {
  const line = withoutCredentials(messageOf(error)).replaceAll(/\s+/g, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line || 'failed without a message';
}

function messageOf(error: unknown): string {
  if (!isNativeError(error)) return String(error);
  // Connecting to a name with several addresses fails with an empty message and one error an address.
  const { errors } = error as AggregateError;
  if (Array.isArray(errors) && errors.length > 0) {
    const each = [...new Set(errors.map(messageOf))].join('; ');
    return error.message ? `${error.message}: ${each}` : each;
  }
  const code = codeOf(error);
  if (!isSqlState(code)) return error.message || (typeof code === 'string' ? code : error.name);
  return `${mayHoldData(code) ? 'the database refused a value' : error.message} (SQLSTATE ${code})`;
}
