import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface RunningProcess {
  pid: number;
  /** The arguments, separated by spaces. */
  commandLine: string;
}

/**
 * Whether a process with this id runs, of any user. A zombie does not count: the first process of a container may never
 * reap orphaned processes.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return !isZombie(pid);
}

function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return fieldsAfterName(readFileSync(`/proc/${pid}/stat`, 'utf8'))[0] === 'Z';
  } catch {
    return true;
  }
}

/** The second field of a stat line is the program's name in parentheses, which may contain spaces and parentheses. */
function fieldsAfterName(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/**
 * All processes whose command line contains the marker. On Linux this does not need `ps`, which slim containers lack.
 */
export async function findProcesses(marker: string): Promise<RunningProcess[]> {
  const all = process.platform === 'linux' ? await listFromProc() : await listFromPs();
  return all.filter(({ pid, commandLine }) => pid !== process.pid && commandLine.includes(marker));
}

async function listFromProc(): Promise<RunningProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const processes: RunningProcess[] = [];
  for (const pid of pids) {
    // A process may end between readdir and readFile.
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (commandLine) processes.push({ pid: Number(pid), commandLine: commandLine.replaceAll('\0', ' ').trimEnd() });
  }
  return processes;
}

async function listFromPs(): Promise<RunningProcess[]> {
  const { stdout } = await run('ps', ['-axww', '-o', 'pid=,command='], { maxBuffer: 64 * 1024 * 1024 });
  return stdout
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({ pid: Number(match[1]), commandLine: match[2] ?? '' }));
}

/**
 * When a process started, to distinguish it from a later process with the same id. In containers, a restarted process
 * often gets the same id. Undefined if there is no such process.
 */
export async function startedAt(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === 'linux') {
      const [stat, boot] = await Promise.all([
        readFile(`/proc/${pid}/stat`, 'utf8'),
        readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      ]);
      const [state, ...others] = fieldsAfterName(stat);
      const startTicks = others[18];
      return state === 'Z' ? undefined : `${boot.trim()}/${startTicks}`;
    }
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)]);
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}
