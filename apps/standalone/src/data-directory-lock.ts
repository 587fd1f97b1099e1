import { randomBytes } from 'node:crypto';
import { link, rename, rm } from 'node:fs/promises';
import { readStored, writePrivateFile } from './private-file.js';
import { startedAt } from './running-processes.js';
import { StartupError } from './startup-error.js';

interface LockHolder {
  pid: number;
  startedAt: string;
}

export interface DataDirectoryLock {
  release(): Promise<void>;
}

/**
 * Lets one process at a time use a data directory. The lock is a file that names the process that holds it. If that
 * process no longer exists, or its id belongs to another process, the lock is stale.
 */
export async function lockDataDirectory(directory: string): Promise<DataDirectoryLock> {
  const path = `${directory}/lock`;
  const own: LockHolder = { pid: process.pid, startedAt: (await startedAt(process.pid)) ?? '' };
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writePrivateFile(draft, JSON.stringify(own));
  try {
    while (!(await createIfAbsent(draft, path))) await clearStaleLock(path, directory);
  } finally {
    await rm(draft, { force: true });
  }
  return {
    release: async () => {
      const holder = await readStored<LockHolder>(path);
      if (holder && isSameHolder(holder, own)) await rm(path, { force: true });
    },
  };
}

/** A hard link appears atomically with its whole content, so a partial lock is never read. */
async function createIfAbsent(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function clearStaleLock(path: string, directory: string): Promise<void> {
  const holder = await readStored<LockHolder>(path);
  if (holder?.pid && (await isHeldBy(holder))) {
    throw new StartupError(
      `Serverstats already runs in ${directory} (process ${holder.pid}): stop it first, or set DATA_DIR to another directory`,
    );
  }
  const aside = `${path}.stale-${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  // Between the read and the rename, another start may have replaced the stale lock with its own. Then restore it.
  const taken = await readStored<LockHolder>(aside);
  if (taken && !(holder && isSameHolder(taken, holder))) await createIfAbsent(aside, path);
  await rm(aside, { force: true });
}

async function isHeldBy(holder: Partial<LockHolder>): Promise<boolean> {
  return holder.pid !== undefined && (await startedAt(holder.pid)) === holder.startedAt;
}

function isSameHolder(a: Partial<LockHolder>, b: Partial<LockHolder>): boolean {
  return a.pid === b.pid && a.startedAt === b.startedAt;
}
