/** The configured database cannot be used; retries do not help. The message is one line and names the variable. */
export class UnusableDatabaseError extends Error {
  override readonly name = 'UnusableDatabaseError';
}
