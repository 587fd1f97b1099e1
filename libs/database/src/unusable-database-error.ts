/** The configuration names a database that can never be used like this. The message is one line and names the variable. */
export class UnusableDatabaseError extends Error {
  override readonly name = 'UnusableDatabaseError';
}
