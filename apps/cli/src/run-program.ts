import { CommanderError } from 'commander';
import { ConfigurationError } from '#libs/config';
import { UnusableDatabaseError } from '#libs/database';
import { describeError } from '#libs/observability';
import { createProgram } from './program.js';

/**
 * Runs the command that the arguments name, and prints its error if it fails.
 *
 * @returns the exit code: 0 success, 1 failure, 2 usage error, 78 invalid configuration
 */
export async function runProgram(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has already printed the error or the help text.
    if (!(error instanceof CommanderError)) {
      process.stderr.write(`${error instanceof ConfigurationError ? error.message : describeError(error)}\n`);
    }
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigurationError || error instanceof UnusableDatabaseError) return 78;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return 1;
}
