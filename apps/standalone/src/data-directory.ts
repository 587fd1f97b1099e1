import { createHash } from 'node:crypto';
import { chmod, mkdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { lockDataDirectory } from './data-directory-lock.js';
import { StartupError } from './startup-error.js';

export interface DataDirectory {
  /** Absolute, without symbolic links. */
  path: string;
  /** Part of the command lines of this directory's servers, so that a later start recognizes leftover processes. */
  marker: string;
  file(name: string): string;
  release(): Promise<void>;
}

/** Creates standalone's data directory, and locks it for this process. */
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

/** Derived from the path and not stored in the directory, so that a copy of it does not stop the original's servers. */
export function markerOf(path: string): string {
  return `serverstats-${createHash('sha256').update(path).digest('hex').slice(0, 16)}`;
}

async function createDirectory(configured: string): Promise<string> {
  try {
    const created = await mkdir(configured, { recursive: true });
    const path = await realpath(configured);
    // The mode of an existing directory, such as /tmp, is not changed. As root, the database server runs as another user,
    // which must be able to traverse the directory, but not to list it.
    if (created !== undefined) await chmod(path, process.getuid?.() === 0 ? 0o711 : 0o700);
    return path;
  } catch (error) {
    throw new StartupError(`DATA_DIR: ${configured} cannot be used as a directory: ${(error as Error).message}`);
  }
}
