import { createHash } from 'node:crypto';
import { chmod, mkdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { lockDataDirectory } from './data-directory-lock.js';
import { StartupError } from './startup-error.js';

export interface DataDirectory {
  /** Absolute, without symbolic links. */
  path: string;
  /** Names this directory in the command lines of what runs for it, so that a later start recognises leftovers. */
  marker: string;
  file(name: string): string;
  release(): Promise<void>;
}

/** Creates the directory that keeps everything standalone makes, and locks it for this process. */
export async function openDataDirectory(configured: string): Promise<DataDirectory> {
  const path = await createDirectory(resolve(configured));
  const lock = await lockDataDirectory(path);
  return {
    path,
    marker: markerOf(path),
    file: (name) => join(path, name),
    release: () => lock.release(),
  };
}

/** Of the path, not of a value kept inside: a copy of the directory must not end what runs in the original. */
export function markerOf(path: string): string {
  return `serverstats-${createHash('sha256').update(path).digest('hex').slice(0, 16)}`;
}

async function createDirectory(configured: string): Promise<string> {
  try {
    const made = await mkdir(configured, { recursive: true });
    const path = await realpath(configured);
    // What was there before may be anybody's, as /tmp is, and stays as it was. Under root the database server runs as
    // another user, who must be able to pass through (but not to look around).
    if (made !== undefined) await chmod(path, process.getuid?.() === 0 ? 0o711 : 0o700);
    return path;
  } catch (error) {
    throw new StartupError(`DATA_DIR: ${configured} cannot be used as a directory: ${(error as Error).message}`);
  }
}
