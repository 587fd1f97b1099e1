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
  /** argv[0]. @defaultValue the command */
  argv0?: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd?: string;
  uid?: number;
  gid?: number;
  logFile: string;
}

/** A server that runs as a child process. */
export class ServerProcess {
  /** Resolves with a description of how it ended. */
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
    // Its output goes directly to a file, so that it can still write if this process is killed.
    const log = openSync(options.logFile, 'a', 0o600);
    try {
      const child = spawn(options.command, options.args, {
        argv0: options.argv0,
        cwd: options.cwd,
        env: options.env,
        uid: options.uid,
        gid: options.gid,
        stdio: ['ignore', log, log],
        // A separate process group, so that Ctrl-C reaches only this process, which stops everything in order.
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

  /** Sends the signals one by one until it has ended. @returns whether the first one was enough */
  async stop(steps: readonly EndingStep[]): Promise<boolean> {
    this.asked = true;
    for (const [index, { signal, waitMs }] of steps.entries()) {
      if (this.ended) return index === 0;
      this.child.kill(signal);
      if (await settlesWithin(this.exited, waitMs)) return index === 0;
    }
    return false;
  }

  /** The last lines of its output, for error messages. */
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
