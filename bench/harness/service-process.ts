import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A built program in its own process. */
export interface ServiceProcess {
  pid: number;
  /** The output up to and including the ready text. */
  startOutput: string;
  /** Sends SIGTERM and waits for the exit. */
  stop(): Promise<void>;
}

/**
 * Starts Node with these arguments, the last of which is a program in dist, and waits until it has printed the ready
 * text. BENCH_NODE_OPTIONS adds options for profiling: `BENCH_NODE_OPTIONS="--cpu-prof --cpu-prof-dir=profiles"`.
 */
export async function startService(
  command: readonly string[],
  env: Record<string, string>,
  readyText: string,
): Promise<ServiceProcess> {
  const nodeOptions = process.env.BENCH_NODE_OPTIONS?.split(' ').filter(Boolean) ?? [];
  const child = spawn(process.execPath, [...nodeOptions, ...command], {
    env: { PATH: process.env.PATH, LOG_FORMAT: 'json', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const startOutput = await new Promise<string>((resolve, reject) => {
    let output = '';
    const listen = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000);
      if (!output.includes(readyText)) return;
      // From now on, the log is discarded, which is the cheapest way to keep the pipe empty.
      child.stdout.off('data', listen).resume();
      resolve(output);
    };
    child.stdout.on('data', listen);
    child.once('exit', (code) => reject(new Error(`${command.at(-1)} ended with ${code}:\n${output}`)));
  });
  return {
    pid: child.pid!,
    startOutput,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
