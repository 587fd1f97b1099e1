import pino from 'pino';
import { PinoPretty } from 'pino-pretty';
import type { LogConfig } from '#libs/config';
import { codeOf, mayHoldData } from './error-code.js';
import { withoutCredentials } from './without-credentials.js';

/** Writes log lines, as pino's loggers do. A class, so that it is injected by its type. */
export abstract class Logger {
  abstract readonly trace: pino.LogFn;
  abstract readonly debug: pino.LogFn;
  abstract readonly info: pino.LogFn;
  abstract readonly warn: pino.LogFn;
  abstract readonly error: pino.LogFn;
  abstract readonly fatal: pino.LogFn;
}

/**
 * The logger of one service: one JSON object a line, or text for people. JSON lines are written while the service goes
 * on, several at once when they come fast, and what is left is written when the process exits.
 */
export function createLogger(log: LogConfig, service: string): pino.Logger {
  const options: pino.LoggerOptions = {
    level: log.level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeForLog, error: describeForLog },
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
  /** SQLSTATE, errno name or the like. */
  code?: unknown;
  cause?: LoggedError;
}

/** Names what is logged of an error: errors of drivers carry whole statements with their parameters. */
function describeForLog(error: unknown): unknown {
  return error instanceof Error ? loggedError(error) : error;
}

function loggedError(error: Error): LoggedError {
  const stack = error.stack && withoutCredentials(error.stack);
  const cause = error.cause instanceof Error ? loggedError(error.cause) : undefined;
  const code = codeOf(error);
  if (mayHoldData(code)) return { type: error.name, message: 'the database refused a value', code, cause };
  return { type: error.name, message: withoutCredentials(error.message), stack, code, cause };
}
