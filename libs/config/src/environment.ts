import { readFileSync } from 'node:fs';
import { parse } from 'dotenv';

/** Variables by name. An empty value counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment of this process, completed from `.env` in the working directory when there is one.
 * What the environment itself names wins.
 */
export function readEnvironment(): Environment {
  return { ...readDotEnv(), ...process.env };
}

function readDotEnv(): Environment {
  try {
    return parse(readFileSync('.env'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
