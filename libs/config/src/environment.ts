import { readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import { ConfigurationError } from './configuration-error.js';

/** Variables by name. An empty value counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment of this process, completed from `.env` in the working directory when there is one.
 * What the environment itself names wins.
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
    throw new ConfigurationError([{ variable: '.env', shownValue, expected: 'a file with one VARIABLE=value a line' }]);
  }
}
