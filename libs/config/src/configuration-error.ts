/** One invalid variable. */
export interface ConfigurationMistake {
  variable: string;
  /** The value without secrets, or undefined if the variable is not set. */
  shownValue?: string;
  /** Completes the sentence "expected …". */
  expected: string;
}

/** The environment is not a valid configuration. The message lists all mistakes, one per line, without secrets. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly mistakes: readonly ConfigurationMistake[]) {
    super(['Invalid configuration:', ...mistakes.map(describe)].join('\n'));
  }
}

function describe({ variable, shownValue, expected }: ConfigurationMistake): string {
  const value = shownValue === undefined ? 'is not set' : `is ${shownValue}`;
  return `  ${variable} ${value}; expected ${expected}`;
}
