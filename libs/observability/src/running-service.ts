import { ConfigurationError } from '#libs/config';
import { PortError } from './listening-address.js';
import { withoutCredentials } from './without-credentials.js';

/** A service that listens. */
export interface RunningService {
  /** The address on which it listens: `http://host:port`. */
  url: string;
  /** Rejects if the service cannot work at all, so that the process should exit. */
  failed?: Promise<never>;
  /** Stops accepting work, drains, and releases all resources. */
  close(): Promise<void>;
}

export const EXIT_CODES = { stopped: 0, failed: 1, wrongConfiguration: 78 } as const;

/** Below the documented maximum of 15 seconds. */
const SHUTDOWN_TIMEOUT_MS = 14_000;

/**
 * The main function of a service: starts it, waits for SIGTERM or SIGINT, drains it and exits. Exit codes: 0 after a
 * complete shutdown, 78 for an invalid configuration, 1 for any other error.
 */
export async function runUntilSignal(start: () => Promise<RunningService>): Promise<never> {
  process.on('uncaughtException', (error) => exitWith(error));
  process.on('unhandledRejection', (reason) => exitWith(reason));
  const signalled = waitForSignal();
  try {
    const starting = start();
    signalled.then(exitAfterTimeout).catch(exitWith);
    const service = await starting;
    await Promise.race([signalled, service.failed ?? signalled]);
    await service.close();
    process.exit(EXIT_CODES.stopped);
  } catch (error) {
    return exitWith(error);
  }
}

function exitAfterTimeout(): void {
  setTimeout(() => exitWith(new Error(`the shutdown took longer than ${SHUTDOWN_TIMEOUT_MS} ms`)), SHUTDOWN_TIMEOUT_MS);
}

/** Resolves with the first signal. Later ones are ignored: Ctrl-C in a terminal often arrives twice because of npm. */
function waitForSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, resolve);
  });
}

/** Writes to stderr instead of the log, because the logger may not exist yet or may have failed. */
function exitWith(error: unknown): never {
  if (error instanceof ConfigurationError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CODES.wrongConfiguration);
  }
  process.stderr.write(`${withoutCredentials(messageFor(error))}\n`);
  process.exit(isUnusableDatabase(error) ? EXIT_CODES.wrongConfiguration : EXIT_CODES.failed);
}

/** Omits the stack of errors that operators can fix, such as an outdated schema or a port that is in use. */
function messageFor(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isForOperators =
    error.name === 'OutdatedSchemaError' || isUnusableDatabase(error) || error instanceof PortError;
  return isForOperators ? error.message : (error.stack ?? error.message);
}

/** Compares by name, because libs/database, which defines the error, imports this library. */
function isUnusableDatabase(error: unknown): boolean {
  return error instanceof Error && error.name === 'UnusableDatabaseError';
}
