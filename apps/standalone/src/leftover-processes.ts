import { untilTrue } from './condition.js';
import { findProcesses, isAlive, type RunningProcess } from './running-processes.js';
import type { EndingStep } from './server-process.js';
import { StartupError } from './startup-error.js';

/** How long the workers of a server get to notice that it is gone. */
const WORKERS_NOTICE_MS = 5_000;
const KILL: EndingStep = { signal: 'SIGKILL', waitMs: 5_000 };

export interface Leftovers {
  /** For the messages. */
  what: string;
  /** Stands in the command line of every process that belongs to the server. */
  marker: string;
  /** Processes that the server itself ends; signals of the orderly kind are not for them. */
  isWorker?: (process: RunningProcess) => boolean;
  steps: readonly EndingStep[];
}

/**
 * Ends what an earlier run left behind: when that run was killed hard, its servers went on alone. The caller holds
 * the lock of the data directory, so whatever still carries the directory's marker belongs to nobody.
 */
export async function endLeftovers({ what, marker, isWorker = () => false, steps }: Leftovers): Promise<void> {
  const found = await findProcesses(marker);
  const workers = found.filter(isWorker).map(({ pid }) => pid);
  const servers = found.filter((process) => !isWorker(process)).map(({ pid }) => pid);

  let remaining = await endInSteps(what, servers, [...steps, KILL]);
  if (!(await haveEnded(workers, WORKERS_NOTICE_MS)))
    remaining = remaining.concat(await endInSteps(what, workers, [KILL]));
  if (remaining.length > 0) {
    throw new StartupError(`${what} of an earlier run does not end: process ${remaining.join(', ')}`);
  }
}

/** Returns the processes that outlived every signal. */
async function endInSteps(what: string, pids: number[], steps: readonly EndingStep[]): Promise<number[]> {
  for (const { signal, waitMs } of steps) {
    for (const pid of pids.filter(isAlive)) send(what, pid, signal);
    if (await haveEnded(pids, waitMs)) return [];
  }
  return pids.filter(isAlive);
}

function haveEnded(pids: number[], withinMs: number): Promise<boolean> {
  return untilTrue(() => !pids.some(isAlive), withinMs);
}

function send(what: string, pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPERM')
      throw new StartupError(`${what} of an earlier run still runs as another user: process ${pid}`);
    if (code !== 'ESRCH') throw error;
  }
}
