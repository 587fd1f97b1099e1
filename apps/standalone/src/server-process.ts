import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { settlesWithin } from './condition.js';

const MAX_LOG_BYTES = 10 * 1024 * 1024;
const LOG_TAIL_LINES = 15;

/** One signal to send, and how long to wait for the end before the next one. */
export interface EndingStep {
  signal: NodeJS.Signals;
  waitMs: number;
}

export interface ServerProcessOptions {
  command: string;
  /** The name it is called by, when not its path. */
  argv0?: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd?: string;
  uid?: number;
  gid?: number;
  logFile: string;
}

/** A server that runs as our child. */
export class ServerProcess {
  /** Resolves with how it ended, whoever ended it. */
  readonly exited: Promise<string>;
  private ended = false;
  private asked = false;

  private constructor(
    private readonly child: ChildProcess,
    private readonly options: ServerProcessOptions,
  ) {
    this.exited = new Promise((resolve) => {
      const end = (how: string) => {
        this.ended = true;
        resolve(how);
      };
      child.once('error', (error) => end(`cannot be started: ${error.message}`));
      child.once('exit', (code, signal) => end(signal ? `was ended by ${signal}` : `ended with exit code ${code}`));
    });
  }

  static async start(options: ServerProcessOptions): Promise<ServerProcess> {
    await startNewLogWhenLarge(options.logFile);
    // Its output goes to a file, not through us: when we are killed, it keeps a place to write to.
    const log = openSync(options.logFile, 'a', 0o600);
    try {
      const child = spawn(options.command, options.args, {
        argv0: options.argv0,
        cwd: options.cwd,
        env: options.env,
        uid: options.uid,
        gid: options.gid,
        stdio: ['ignore', log, log],
        // A process group of its own: the terminal's Ctrl-C reaches us alone, and we end things in order.
        detached: true,
      });
      return new ServerProcess(child, options);
    } finally {
      closeSync(log);
    }
  }

  get hasEnded(): boolean {
    return this.ended;
  }

  /** Sends the signals one after another until it has ended; true when the first one sufficed. */
  async stop(steps: readonly EndingStep[]): Promise<boolean> {
    this.asked = true;
    for (const [index, { signal, waitMs }] of steps.entries()) {
      if (this.ended) return index === 0;
      this.child.kill(signal);
      if (await settlesWithin(this.exited, waitMs)) return index === 0;
    }
    return false;
  }

  /** The last lines it wrote, for the message when it does not start. */
  logTail(): string {
    return lastLines(this.options.logFile);
  }
}

async function startNewLogWhenLarge(path: string): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > MAX_LOG_BYTES) await rename(path, `${path}.1`);
}

function lastLines(path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
  } catch {
    return '';
  }
}
