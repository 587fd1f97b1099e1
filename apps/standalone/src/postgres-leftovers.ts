import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { endLeftovers } from './leftover-processes.js';
import { readFileIfPresent } from './private-file.js';
import { findProcesses, isAlive } from './running-processes.js';
import type { EndingStep } from './server-process.js';

/** Longer than a stop asked for at the terminal: nobody waits, and a checkpoint saves the next start a recovery. */
const LEFTOVER_END: readonly EndingStep[] = [
  { signal: 'SIGINT', waitMs: 10_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
];

/** Ends the Postgres that a killed run left behind. Its workers change their titles, and end with it. */
export async function endLeftoverPostgres(marker: string): Promise<void> {
  await endLeftovers({
    what: 'Postgres',
    marker,
    isWorker: ({ commandLine }) => commandLine.startsWith('postgres: '),
    steps: LEFTOVER_END,
  });
}

/**
 * Postgres refuses to start while the process named in its pid file exists. After a hard kill that may be a process
 * that has ended but that nobody collects (as in many containers), or another program that got the same number.
 */
export async function removeStalePidFile(clusterDirectory: string): Promise<void> {
  const pidFile = join(clusterDirectory, 'postmaster.pid');
  const pid = Number((await readFileIfPresent(pidFile))?.split('\n')[0]);
  if (!pid) return;
  const isPostgres = async () => (await findProcesses('postgres')).some((found) => found.pid === pid);
  if (!isAlive(pid) || !(await isPostgres())) await rm(pidFile, { force: true });
}
