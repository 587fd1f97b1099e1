import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { isAlive } from './process-alive.js';

const PREFIX = 'serverstats_test_';
const LEFTOVER_AGE_SECONDS = 24 * 60 * 60;
const PATTERN = /^serverstats_test_([0-9a-f]{6})_(\d+)_(\d+)_/;

/** The common prefix of all databases of a test run. It contains machine, process and time. */
export function newRunPrefix(): string {
  return `${PREFIX}${hostTag()}_${process.pid}_${Math.trunc(Date.now() / 1000)}_`;
}

export function newDatabaseName(runPrefix: string): string {
  return runPrefix + randomBytes(5).toString('hex');
}

/** Call it before a database is dropped or overwritten. @throws Error if it is not a test database */
export function requireTestDatabase(name: string): void {
  if (!name.startsWith(PREFIX)) throw new Error(`${name} is not a test database: its name must begin with ${PREFIX}`);
}

/** Whether a crashed run left it: its process has ended (checked only on the same machine), or it is over a day old. */
export function isLeftover(name: string): boolean {
  const [, host, pid, madeAt] = PATTERN.exec(name) ?? [];
  if (!host) return false;
  const isOurs = host === hostTag();
  return (isOurs && !isAlive(Number(pid))) || Date.now() / 1000 - Number(madeAt) > LEFTOVER_AGE_SECONDS;
}

function hostTag(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 6);
}
