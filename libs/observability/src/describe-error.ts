import { withoutCredentials } from './without-credentials.js';

const LONGEST = 500;

/** One line that says what failed, for people: no stack, no credentials, never empty. */
export function describeError(error: unknown): string {
  const line = withoutCredentials(messageOf(error)).replaceAll(/\s+/g, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line || 'failed without a message';
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Connecting to a name with several addresses fails with an empty message and one error an address.
  if (error instanceof AggregateError && error.message === '' && error.errors.length > 0)
    return messageOf(error.errors[0]);
  return error.message || ((error as NodeJS.ErrnoException).code ?? error.name);
}
