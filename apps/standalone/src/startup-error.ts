/** A start that cannot succeed, told in one clear line: it is shown without a stack. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}
