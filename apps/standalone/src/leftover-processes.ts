import { untilTrue } from './condition.js';
import { findProcesses, isAlive, type RunningProcess } from './running-processes.js';
import type { EndingStep } from './server-process.js';
import { StartupError } from './startup-error.js';

/** The time for workers to notice that their server has ended. */
const WORKERS_NOTICE_MS = 5_000;
const KILL: EndingStep = { signal: 'SIGKILL', waitMs: 5_000 };

export interface Leftovers {
  /** The name in messages. */
  what: string;
  /** Part of the command line of every process of the server. */
  marker: string;
  /** Processes that the server itself ends. They get no orderly signals. */
  isWorker?: (process: RunningProcess) => boolean;
  steps: readonly EndingStep[];
}

/**
 * Ends servers that an earlier run left running because it was killed. The caller holds the lock of the data directory,
 * so processes with its marker belong to no running instance.
 */
export async function endLeftovers({ what, marker, isWorker = () => false, steps }: Leftovers): Promise<void> {
  const found = await findProcesses(marker);
  const workers = found.filter(isWorker).map(({ pid }) => pid);
  const servers = found.filter((process) => !isWorker(process)).map(({ pid }) => pid);

  let remaining = await endInSteps(what, servers, [...steps, KILL]);
  if (!(await haveEnded(workers, WORKERS_NOTICE_MS)))
    remaining = remaining.concat(await endInSteps(what, workers, [KILL]));
  if (remaining.length > 0) {
    throw new StartupError(`${what} of an earlier run cannot be stopped: process ${remaining.join(', ')}`);
  }
}

/** @returns the processes that are still alive after the last signal */
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
