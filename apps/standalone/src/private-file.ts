import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';

/** Only the owner can read and write. */
const PRIVATE_MODE = 0o600;

/**
 * Writes a file atomically: it is written elsewhere and renamed, so that a killed process leaves the old or the new
 * file, never a partial one. Others can never read it.
 */
export async function writePrivateFile(path: string, content: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.draft`;
  try {
    await writeFile(draft, content, { mode: PRIVATE_MODE, flag: 'wx' });
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/** The content, or undefined if the file does not exist. */
export async function readFileIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The JSON that an earlier start stored. Undefined if the file does not exist or is not valid. */
export async function readStored<T extends object>(path: string): Promise<Partial<T> | undefined> {
  const content = await readFileIfPresent(path);
  if (content === undefined) return undefined;
  try {
    const stored: unknown = JSON.parse(content);
    return typeof stored === 'object' && stored !== null ? (stored as Partial<T>) : undefined;
  } catch {
    return undefined;
  }
}
