/** One wrong variable. */
export interface ConfigurationMistake {
  variable: string;
  /** The value as it may be shown, or undefined when the variable is not set. */
  shownValue?: string;
  /** Ends the sentence "expected …". */
  expected: string;
}

/** The environment does not make a configuration; the message lists every mistake, one a line, and no secret. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly mistakes: readonly ConfigurationMistake[]) {
    super(['Wrong configuration:', ...mistakes.map(describe)].join('\n'));
  }
}

function describe({ variable, shownValue, expected }: ConfigurationMistake): string {
  const value = shownValue === undefined ? 'is not set' : `is ${shownValue}`;
  return `  ${variable} ${value}; expected ${expected}`;
}
