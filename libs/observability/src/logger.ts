import pino from 'pino';
import { PinoPretty } from 'pino-pretty';
import type { LogConfig } from '#libs/config';
import { codeOf, mayHoldData } from './error-code.js';
import { withoutCredentials } from './without-credentials.js';

/** A pino logger. An abstract class, so that Nest can inject it by its type. */
export abstract class Logger {
  abstract readonly trace: pino.LogFn;
  abstract readonly debug: pino.LogFn;
  abstract readonly info: pino.LogFn;
  abstract readonly warn: pino.LogFn;
  abstract readonly error: pino.LogFn;
  abstract readonly fatal: pino.LogFn;
}

/**
 * Creates the logger of a service, with one JSON object per line or text for people. JSON is written asynchronously and
 * in batches; the rest is written when the process exits.
 */
export function createLogger(log: LogConfig, service: string): pino.Logger {
  const options: pino.LoggerOptions = {
    level: log.level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: serializeError, error: serializeError },
    redact: { paths: ['authorization', 'cookie', 'headers.authorization', 'headers.cookie', 'password'], remove: true },
  };
  return log.format === 'json'
    ? pino(options, pino.destination({ fd: 1, sync: false }))
    : pino(options, PinoPretty({ sync: true, ignore: 'pid,hostname', singleLine: true }));
}

interface LoggedError {
  type: string;
  message: string;
  stack?: string;
  /** SQLSTATE, errno name or similar. */
  code?: unknown;
  cause?: LoggedError;
}

/** Logs only selected properties of an error, because errors of drivers contain statements with their parameters. */
function serializeError(error: unknown): unknown {
  return error instanceof Error ? toLoggedError(error) : error;
}

function toLoggedError(error: Error): LoggedError {
  const stack = error.stack && withoutCredentials(error.stack);
  const cause = error.cause instanceof Error ? toLoggedError(error.cause) : undefined;
  const code = codeOf(error);
  if (mayHoldData(code)) return { type: error.name, message: 'the database refused a value', code, cause };
  return { type: error.name, message: withoutCredentials(error.message), stack, code, cause };
}
