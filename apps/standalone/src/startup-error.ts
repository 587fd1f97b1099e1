/** A start that cannot succeed. The message is one line and is printed without a stack. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}
