import { randomBytes } from 'node:crypto';
import { chmod, chown, cp, mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Account, mayTraverse, mayRead } from './postgres-account.js';
import { binariesIn, type PostgresBinaries } from './postgres-binaries.js';
import { StartupError } from './startup-error.js';

/** Directories that every account can traverse, in the order of the attempts. */
const OPEN_DIRECTORIES = ['/var/lib', '/var/tmp'];
/** Files that are only needed to compile against Postgres; a third of the size. */
const COMPILE_TIME_FILES = /\.a$|\/(include|pkgconfig|pgxs)(\/|$)/;

export interface PostgresLocation {
  binaries: PostgresBinaries;
  /** The cluster's directory, which may not exist yet. */
  clusterDirectory: string;
  /** Set if the cluster is outside of the data directory. */
  outside?: string;
}

/**
 * Places the cluster in the data directory. If root starts it in a private folder such as /root, Postgres, which runs
 * as another user, cannot access its data or its program there. Then both are placed in /var/lib.
 */
export async function placePostgres(
  dataDirectory: string,
  binaries: PostgresBinaries,
  account: Account | undefined,
  storedOutside: string | undefined,
): Promise<PostgresLocation> {
  const isDataAccessible = storedOutside === undefined && (await mayTraverse(account, dataDirectory));
  const isProgramAccessible = await mayRead(account, binaries.postgres);

  const open = isDataAccessible && isProgramAccessible ? undefined : await openDirectory(account);
  const accessibleBinaries = isProgramAccessible ? binaries : await copyBinaries(binaries, open as string);
  if (isDataAccessible) return { binaries: accessibleBinaries, clusterDirectory: join(dataDirectory, 'postgres') };

  const outside = storedOutside ?? join(open as string, `cluster-${randomBytes(6).toString('hex')}`);
  return { binaries: accessibleBinaries, clusterDirectory: outside, outside };
}

async function openDirectory(account: Account | undefined): Promise<string> {
  for (const parent of OPEN_DIRECTORIES) {
    const directory = join(parent, 'serverstats');
    try {
      const created = await mkdir(directory, { recursive: true });
      if (created !== undefined) await chmod(directory, 0o755);
      const { uid } = await stat(directory);
      // In a world-writable directory, another user may have created it first.
      if (uid === 0 && (await mayTraverse(account, directory))) return directory;
    } catch {
      continue;
    }
  }
  throw new StartupError(
    'Postgres refuses to run as root, and its own user cannot enter this folder: clone to a folder open to others, or set DATABASE_URL',
  );
}

async function copyBinaries(binaries: PostgresBinaries, parent: string): Promise<PostgresBinaries> {
  const { size, mtimeMs } = await stat(binaries.postgres);
  const copy = join(parent, `postgres-${size}-${Math.trunc(mtimeMs)}`);
  const isThere = await stat(copy).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    // Copied elsewhere and renamed, so that the copy is never incomplete.
    const draft = `${copy}.${randomBytes(6).toString('hex')}`;
    try {
      await cp(binaries.root, draft, {
        recursive: true,
        verbatimSymlinks: true,
        filter: (source) => !COMPILE_TIME_FILES.test(source.slice(binaries.root.length)),
      });
      await rename(draft, copy);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }
  return binariesIn(copy);
}

/** Creates an empty directory that the account owns. */
export async function createOwnedDirectory(path: string, account: Account | undefined): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (account) await chown(path, account.uid, account.gid);
}
