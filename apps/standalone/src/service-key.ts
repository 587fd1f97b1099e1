import { randomBytes } from 'node:crypto';
import { readFileIfPresent, writePrivateFile } from './private-file.js';
import { StartupError } from './startup-error.js';

/** The prefix lets secret scanners and people recognise a key that lies where it should not. */
const PREFIX = 'sk_';
const RANDOM_BYTES = 32;
const MINIMUM_LENGTH = 32;

/** Reads the service key kept at this path, or makes it once. */
export async function obtainServiceKey(path: string): Promise<string> {
  const kept = (await readFileIfPresent(path))?.trim();
  if (kept === undefined) {
    const key = PREFIX + randomBytes(RANDOM_BYTES).toString('base64url');
    await writePrivateFile(path, `${key}\n`);
    return key;
  }
  if (kept.length < MINIMUM_LENGTH) {
    throw new StartupError(
      `${path} holds no service key of at least ${MINIMUM_LENGTH} characters: delete the file to have a new one made`,
    );
  }
  return kept;
}
