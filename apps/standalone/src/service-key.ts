import { randomBytes } from 'node:crypto';
import { readFileIfPresent, writePrivateFile } from './private-file.js';
import { StartupError } from './startup-error.js';

/** The prefix lets secret scanners and people recognize a leaked key. */
const PREFIX = 'sk_';
const RANDOM_BYTES = 32;
const MINIMUM_LENGTH = 32;

/** Reads the service key from this file, or creates it. */
export async function obtainServiceKey(path: string): Promise<string> {
  const kept = (await readFileIfPresent(path))?.trim();
  if (kept === undefined) {
    const key = PREFIX + randomBytes(RANDOM_BYTES).toString('base64url');
    await writePrivateFile(path, `${key}\n`);
    return key;
  }
  if (kept.length < MINIMUM_LENGTH) {
    throw new StartupError(
      `${path} contains no service key of at least ${MINIMUM_LENGTH} characters: delete the file to create a new one`,
    );
  }
  return kept;
}
