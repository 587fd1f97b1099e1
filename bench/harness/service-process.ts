import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A built program that runs as a process of its own. */
export interface ServiceProcess {
  pid: number;
  /** What it printed until it worked. */
  firstWords: string;
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<void>;
}

/**
 * Starts Node with these arguments (a program of dist is the last), and resolves when it has printed what says that it
 * works. BENCH_NODE_OPTIONS is for a look into it: `BENCH_NODE_OPTIONS="--cpu-prof --cpu-prof-dir=profiles"`.
 */
export async function startService(
  command: readonly string[],
  env: Record<string, string>,
  saysThatItWorks: string,
): Promise<ServiceProcess> {
  const nodeOptions = process.env.BENCH_NODE_OPTIONS?.split(' ').filter(Boolean) ?? [];
  const child = spawn(process.execPath, [...nodeOptions, ...command], {
    env: { PATH: process.env.PATH, LOG_FORMAT: 'json', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const firstWords = await new Promise<string>((resolve, reject) => {
    let output = '';
    const listen = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000);
      if (!output.includes(saysThatItWorks)) return;
      // From now on its log is only taken off the pipe, which costs this process least.
      child.stdout.off('data', listen).resume();
      resolve(output);
    };
    child.stdout.on('data', listen);
    child.once('exit', (code) => reject(new Error(`${command.at(-1)} ended with ${code}:\n${output}`)));
  });
  return {
    pid: child.pid!,
    firstWords,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
