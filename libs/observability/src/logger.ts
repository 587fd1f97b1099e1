import pino from 'pino';
import { PinoPretty } from 'pino-pretty';
import type { LogConfig } from '#libs/config';
import { describeError } from './describe-error.js';

/** Writes log lines, as pino's loggers do. A class, so that it is injected by its type. */
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
 * The logger of one service: one JSON object a line, or text for people. JSON lines are written while the service goes
 * on, several at once when they come fast, and what is left is written when the process exits.
 *
 * @param destination takes JSON lines; for tests. @defaultValue standard output, in the format of `log`
 */
export function createLogger(log: LogConfig, service: string, destination?: pino.DestinationStream): pino.Logger {
  const options: pino.LoggerOptions = {
    level: log.level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeForLog, error: describeForLog },
    redact: { paths: ['authorization', 'cookie', 'headers.authorization', 'headers.cookie', 'password'], remove: true },
  };
  if (destination !== undefined) return pino(options, destination);
  return log.format === 'json'
    ? pino(options, pino.destination({ fd: 1, sync: false }))
    : pino(options, PinoPretty({ sync: true, ignore: 'pid,hostname', singleLine: true }));
}

/** An error that is logged whole must not show what it holds: those of drivers have statements with their parameters. */
function describeForLog(error: unknown): unknown {
  return error instanceof Error ? describeError(error) : error;
}
