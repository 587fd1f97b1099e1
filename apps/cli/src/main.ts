import 'reflect-metadata';
import { CommanderError } from 'commander';
import { ConfigurationError } from '#libs/config';
import { UnusableDatabaseError } from '#libs/database';
import { describeError } from '#libs/observability';
import { createProgram } from './program.js';

// A failed write rejects the promise of its caller. Without a listener it would also end the process.
process.stdout.on('error', () => undefined);

/**
 * `npm run cli -- …`: the tool for operators. Exit codes: 0 success, 1 failure, 2 usage error, 78 invalid
 * configuration.
 */
try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
  // Commander has already printed the error or the help text.
  if (!(error instanceof CommanderError))
    process.stderr.write(`${error instanceof ConfigurationError ? error.message : describeError(error)}\n`);
}
// Without an explicit exit, Node 20 can wait forever when the broker has reset a connection: its own cleanup at exit
// (Environment::CleanupHandles) then waits at full CPU for a request that never completes. Output is flushed first.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
}
process.exit();

function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigurationError || error instanceof UnusableDatabaseError) return 78;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return 1;
}
