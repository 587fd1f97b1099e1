import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';

/** For the owner's eyes alone. */
const PRIVATE_MODE = 0o600;

/**
 * Written aside and renamed: whoever is killed half way leaves the old file or the new one, never a torn one,
 * and the content is at no moment readable by others.
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

/** The content, or undefined when there is no such file. */
export async function readFileIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What an earlier start remembered as JSON; undefined when there is nothing or it does not parse. */
export async function readRemembered<T extends object>(path: string): Promise<Partial<T> | undefined> {
  const content = await readFileIfPresent(path);
  if (content === undefined) return undefined;
  try {
    const remembered: unknown = JSON.parse(content);
    return typeof remembered === 'object' && remembered !== null ? (remembered as Partial<T>) : undefined;
  } catch {
    return undefined;
  }
}
