import { randomBytes } from 'node:crypto';
import { chmod, chown, cp, mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Account, mayPass, mayRead } from './postgres-account.js';
import { binariesIn, type PostgresBinaries } from './postgres-binaries.js';
import { StartupError } from './startup-error.js';

/** Where a server's account can get, in the order tried. */
const OPEN_DIRECTORIES = ['/var/lib', '/var/tmp'];
/** Only needed to compile against Postgres; a third of the size. */
const COMPILE_TIME_FILES = /\.a$|\/(include|pkgconfig|pgxs)(\/|$)/;

export interface PostgresLocation {
  binaries: PostgresBinaries;
  /** Of the cluster; exists or not. */
  clusterDirectory: string;
  /** Set when the cluster lies outside the data directory. */
  outside?: string;
}

/**
 * Places the cluster in the data directory. Started by root in a folder closed to others (as /root is), Postgres,
 * which runs as another user, could reach neither its data nor its own program there: both then go to /var/lib.
 */
export async function placePostgres(
  dataDirectory: string,
  binaries: PostgresBinaries,
  account: Account | undefined,
  rememberedOutside: string | undefined,
): Promise<PostgresLocation> {
  const dataWithinReach = rememberedOutside === undefined && (await mayPass(account, dataDirectory));
  const programWithinReach = await mayRead(account, binaries.postgres);

  const open = dataWithinReach && programWithinReach ? undefined : await openDirectory(account);
  const reachable = programWithinReach ? binaries : await copyBinaries(binaries, open as string);
  if (dataWithinReach) return { binaries: reachable, clusterDirectory: join(dataDirectory, 'postgres') };

  const outside = rememberedOutside ?? join(open as string, `cluster-${randomBytes(6).toString('hex')}`);
  return { binaries: reachable, clusterDirectory: outside, outside };
}

async function openDirectory(account: Account | undefined): Promise<string> {
  for (const parent of OPEN_DIRECTORIES) {
    const directory = join(parent, 'serverstats');
    try {
      const made = await mkdir(directory, { recursive: true });
      if (made !== undefined) await chmod(directory, 0o755);
      const { uid } = await stat(directory);
      // In a directory that all may write to, somebody else may have been there first.
      if (uid === 0 && (await mayPass(account, directory))) return directory;
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
    // Copied aside and renamed, so that a copy is there whole or not at all.
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

/** Creates an empty directory that is the account's own. */
export async function createOwnedDirectory(path: string, account: Account | undefined): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (account) await chown(path, account.uid, account.gid);
}
