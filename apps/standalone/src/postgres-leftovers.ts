import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { endLeftovers } from './leftover-processes.js';
import { readFileIfPresent } from './private-file.js';
import { findProcesses, isAlive } from './running-processes.js';
import type { EndingStep } from './server-process.js';

/** Longer than for a stop at the terminal, because a checkpoint makes a recovery at the next start unnecessary. */
const LEFTOVER_END: readonly EndingStep[] = [
  { signal: 'SIGINT', waitMs: 10_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
];

/** Ends a Postgres server that a killed run left running. Its workers, which have other titles, end with it. */
export async function endLeftoverPostgres(marker: string): Promise<void> {
  await endLeftovers({
    what: 'Postgres',
    marker,
    isWorker: ({ commandLine }) => commandLine.startsWith('postgres: '),
    steps: LEFTOVER_END,
  });
}

/**
 * Postgres refuses to start while the process in its pid file exists. After SIGKILL, that may be a zombie that is never
 * reaped, as in many containers, or another program with the same process id.
 */
export async function removeStalePidFile(clusterDirectory: string): Promise<void> {
  const pidFile = join(clusterDirectory, 'postmaster.pid');
  const pid = Number((await readFileIfPresent(pidFile))?.split('\n')[0]);
  if (!pid) return;
  const isPostgres = async () => (await findProcesses('postgres')).some((found) => found.pid === pid);
  if (!isAlive(pid) || !(await isPostgres())) await rm(pidFile, { force: true });
}
