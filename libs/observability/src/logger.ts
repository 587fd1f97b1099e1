import pino from 'pino';
import { PinoPretty } from 'pino-pretty';
import type { LogConfig } from '#libs/config';
import { describeError } from './describe-error.js';

/** A pino logger. An abstract class, so that Nest can inject it by its type. */
export abstract class Logger {
  abstract readonly trace: pino.LogFn;
  abstract readonly debug: pino.LogFn;
  abstract readonly info: pino.LogFn;
  abstract readonly warn: pino.LogFn;
  abstract readonly error: pino.LogFn;
  abstract readonly fatal: pino.LogFn;
  /** A logger whose lines have these keys too. */
  abstract child(bindings: pino.Bindings): Logger;
}

/**
 * Creates the logger of a service, with one JSON object per line or text for people. JSON is written asynchronously and
 * in batches; the rest is written when the process exits.
 *
 * @param destination takes JSON lines; for tests. @defaultValue standard output, in the format of `log`
 */
export function createLogger(log: LogConfig, service: string, destination?: pino.DestinationStream): pino.Logger {
  const options: pino.LoggerOptions = {
    level: log.level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: serializeError, error: serializeError },
    redact: { paths: ['authorization', 'cookie', 'headers.authorization', 'headers.cookie', 'password'], remove: true },
  };
  if (destination !== undefined) return pino(options, destination);
  return log.format === 'json'
    ? pino(options, pino.destination({ fd: 1, sync: false }))
    : pino(options, PinoPretty({ sync: true, ignore: 'pid,hostname', singleLine: true }));
}

/** Logs only the description of an error, because errors of drivers contain statements with their parameters. */
function serializeError(error: unknown): unknown {
  return error instanceof Error ? describeError(error) : error;
}
