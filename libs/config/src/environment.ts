import { readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import { ConfigurationError } from './configuration-error.js';

/** Environment variables by name. An empty value counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the environment of this process and the `.env` file in the working directory, if there is one. The environment
 * takes precedence.
 *
 * @throws ConfigurationError
 */
export function readEnvironment(): Environment {
  return { ...readDotEnv(), ...process.env };
}

function readDotEnv(): Environment {
  try {
    return parse(readFileSync('.env'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return {};
    const shownValue = code === 'EISDIR' ? 'a directory' : `not readable (${code})`;
    throw new ConfigurationError([
      { variable: '.env', shownValue, expected: 'a file with one VARIABLE=value per line' },
    ]);
  }
}
