import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { runProgram } from '../../apps/cli/src/run-program.js';

export interface CliResult {
  /** Null if a signal ended the process. */
  code: number | null;
  stdout: string;
  /** Standard output as bytes. */
  bytes: Buffer;
  stderr: string;
}

/** Runs the operators' tool in this process, without a terminal. It is faster than `startCli`. */
export async function runCli(args: readonly string[], env: Record<string, string>): Promise<CliResult> {
  const outputs = [capture(process.stdout), capture(process.stderr)] as const;
  const ownEnv = process.env;
  process.env = { ...env };
  try {
    const code = await runProgram(args);
    return resultOf(code, ...outputs.map(({ chunks }) => chunks));
  } finally {
    process.env = ownEnv;
    for (const output of outputs) output.restore();
  }
}

/** Starts the built tool in its own process. */
export function startCli(
  args: readonly string[],
  env: Record<string, string>,
): { child: ChildProcess; finished: Promise<CliResult> } {
  const child = spawn(process.execPath, ['dist/cli.js', ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const finished = once(child, 'close').then(([code]) => resultOf(code as number | null, stdout, stderr));
  return { child, finished };
}

function resultOf(code: number | null, stdout: Buffer[] = [], stderr: Buffer[] = []): CliResult {
  const bytes = Buffer.concat(stdout);
  return { code, stdout: bytes.toString(), bytes, stderr: Buffer.concat(stderr).toString() };
}

/** Captures the output to a stream until `restore`, and marks the stream as not a terminal. */
function capture(stream: NodeJS.WriteStream): { chunks: Buffer[]; restore(): void } {
  const chunks: Buffer[] = [];
  const { isTTY } = stream;
  const write = jest.spyOn(stream, 'write').mockImplementation((content, encodingOrDone?, done?) => {
    chunks.push(Buffer.from(content));
    const onWritten = typeof encodingOrDone === 'function' ? encodingOrDone : done;
    if (onWritten !== undefined) process.nextTick(onWritten);
    return true;
  });
  stream.isTTY = false;
  return {
    chunks,
    restore: () => {
      write.mockRestore();
      stream.isTTY = isTTY;
    },
  };
}
