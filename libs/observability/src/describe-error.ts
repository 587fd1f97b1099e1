import { isNativeError } from 'node:util/types';
import { codeOf, isSqlState, mayHoldData } from './error-code.js';
import { withoutCredentials } from './without-credentials.js';

const LONGEST = 500;
/** Of causes of causes; an error may be its own cause. */
const DEEPEST = 5;

/**
 * One line that says what failed, for people: no stack, no credentials, nothing that people wrote, never empty. With the
 * SQLSTATE of an error of the database, with all errors that an AggregateError holds, and with all causes.
 */
export function describeError(error: unknown): string {
  const line = withoutCredentials(chainOf(error)).replaceAll(/\s+/g, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line || 'failed without a message';
}

/** The message, then that of its cause where it says more. */
function chainOf(error: unknown, depth = 0): string {
  const message = messageOf(error, depth);
  if (!isNativeError(error) || !isNativeError(error.cause) || depth === DEEPEST) return message;
  const cause = chainOf(error.cause, depth + 1);
  return message.includes(cause) ? message : `${message} (cause: ${cause})`;
}

function messageOf(error: unknown, depth: number): string {
  if (!isNativeError(error)) return String(error);
  // Connecting to a name with several addresses fails with an empty message and one error an address.
  const { errors } = error as AggregateError;
  if (Array.isArray(errors) && errors.length > 0 && depth < DEEPEST) {
    const each = [...new Set(errors.map((one) => chainOf(one, depth + 1)))].join('; ');
    return error.message ? `${error.message}: ${each}` : each;
  }
  const code = codeOf(error);
  if (!isSqlState(code)) return error.message || (typeof code === 'string' ? code : error.name);
  return `${mayHoldData(code) ? 'the database refused a value' : error.message} (SQLSTATE ${code})`;
}
