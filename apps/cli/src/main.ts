import 'reflect-metadata';
import { CommanderError } from 'commander';
import { ConfigurationError } from '#libs/config';
import { UnusableDatabaseError } from '#libs/database';
import { describeError } from '#libs/observability';
import { createProgram } from './program.js';

// A write that fails tells its own caller.
process.stdout.on('error', () => undefined);

/** `npm run cli -- …`: the operators' tool. Exit codes: 0 done, 1 failed, 2 wrong usage, 78 wrong configuration. */
try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
  // Commander has printed what was wrong, or the help that was asked for.
  if (!(error instanceof CommanderError))
    process.stderr.write(`${error instanceof ConfigurationError ? error.message : describeError(error)}\n`);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigurationError || error instanceof UnusableDatabaseError) return 78;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return 1;
}
