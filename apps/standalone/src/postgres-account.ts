import { execFile } from 'node:child_process';
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { StartupError } from './startup-error.js';

const run = promisify(execFile);

const OWN_ACCOUNT = 'serverstats';
/** The first is created by Postgres packages, the second by an earlier start. */
const ACCOUNTS = ['postgres', OWN_ACCOUNT];

export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** The account to run Postgres as, because Postgres refuses to run as root. Undefined: the account of this process. */
export async function findPostgresAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  return (await findAccount(ACCOUNTS)) ?? (await createAccount());
}

async function findAccount(names: readonly string[]): Promise<Account | undefined> {
  const entries = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const wanted of names) {
    const entry = entries.find(([name]) => name === wanted);
    if (entry) return { name: wanted, uid: Number(entry[2]), gid: Number(entry[3]) };
  }
  return undefined;
}

async function createAccount(): Promise<Account> {
  await run('useradd', [
    '--system',
    '--user-group',
    '--no-create-home',
    '--shell',
    '/usr/sbin/nologin',
    OWN_ACCOUNT,
  ]).catch(() => undefined);
  const account = await findAccount([OWN_ACCOUNT, 'nobody']);
  if (account) return account;
  throw new StartupError(
    'Postgres refuses to run as root and there is no other user to run it as: create a user named postgres, or set DATABASE_URL',
  );
}

/** Whether the account may read this file or directory, and traverse every directory above it. */
export async function mayRead(account: Account | undefined, path: string): Promise<boolean> {
  if (!account) return true;
  const resolved = await realpath(path);
  if (!(await hasAccess(account, resolved, 0o4))) return false;
  for (let directory = dirname(resolved); ; directory = dirname(directory)) {
    if (!(await hasAccess(account, directory, 0o1))) return false;
    if (directory === dirname(directory)) return true;
  }
}

/** Whether the account may traverse this directory and every directory above it. */
export async function mayTraverse(account: Account | undefined, directory: string): Promise<boolean> {
  if (!account) return true;
  for (let current = await realpath(directory); ; current = dirname(current)) {
    if (!(await hasAccess(account, current, 0o1))) return false;
    if (current === dirname(current)) return true;
  }
}

async function hasAccess(account: Account, path: string, bit: number): Promise<boolean> {
  const { mode, uid, gid } = await stat(path);
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
  return ((mode >> shift) & bit) === bit;
}
