import 'reflect-metadata';
import { CommanderError } from 'commander';
import { ConfigurationError } from '#libs/config';
import { UnusableDatabaseError } from '#libs/database';
import { describeError } from '#libs/observability';
import { createProgram } from './program.js';

// A write that fails tells its own caller.
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
// A connection that the broker has reset can keep the event loop busy, so the process does not wait for it.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
}
process.exit();

function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigurationError || error instanceof UnusableDatabaseError) return 78;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return 1;
}
