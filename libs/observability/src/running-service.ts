import { ConfigurationError } from '#libs/config';
import { PortError } from './listening-address.js';
import { withoutCredentials } from './without-credentials.js';

/** A service that listens. */
export interface RunningService {
  /** Where it listens: `http://host:port`. */
  url: string;
  /** Rejects when the service can never do its work, and its process had better end. */
  failed?: Promise<never>;
  /** Takes no new work, finishes what it took, and frees everything. */
  close(): Promise<void>;
}

export const EXIT_CODES = { stopped: 0, failed: 1, wrongConfiguration: 78 } as const;

/** Operators are promised 15 seconds. */
const DRAIN_DEADLINE_MS = 14_000;

/**
 * The main function of a service: starts it, waits for SIGTERM or SIGINT, drains and ends the process.
 * Exit code 0: asked to stop and drained; 78: wrong configuration; 1: anything else.
 */
export async function runUntilSignal(start: () => Promise<RunningService>): Promise<never> {
  process.on('uncaughtException', (error) => exitWith(error));
  process.on('unhandledRejection', (reason) => exitWith(reason));
  const signalled = nextSignal();
  try {
    const starting = start();
    signalled.then(endAfterDeadline).catch(exitWith);
    const service = await starting;
    await Promise.race([signalled, service.failed ?? signalled]);
    await service.close();
    process.exit(EXIT_CODES.stopped);
  } catch (error) {
    return exitWith(error);
  }
}

function endAfterDeadline(): void {
  setTimeout(() => exitWith(new Error(`not drained within ${DRAIN_DEADLINE_MS} ms`)), DRAIN_DEADLINE_MS);
}

/** Resolves with the first signal. Later ones change nothing: a terminal's Ctrl-C often arrives twice, through npm. */
function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, resolve);
  });
}

/** Writes to stderr and not to the log: there may be no logger yet, or it may be what failed. */
function exitWith(error: unknown): never {
  if (error instanceof ConfigurationError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CODES.wrongConfiguration);
  }
  process.stderr.write(`${withoutCredentials(textFor(error))}\n`);
  process.exit(isUnusableDatabase(error) ? EXIT_CODES.wrongConfiguration : EXIT_CODES.failed);
}

/** An operator can do something about a schema that is old or a port that is taken; a stack does not help with that. */
function textFor(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isForOperators =
    error.name === 'OutdatedSchemaError' || isUnusableDatabase(error) || error instanceof PortError;
  return isForOperators ? error.message : (error.stack ?? error.message);
}

/** The configuration names a database that cannot be used; its error is defined where databases are. */
function isUnusableDatabase(error: unknown): boolean {
  return error instanceof Error && error.name === 'UnusableDatabaseError';
}
