import type { LoggerService } from '@nestjs/common';
import { describeError } from './describe-error.js';
import type { Logger } from './logger.js';
import { stackFrames } from './stack-frames.js';

/** Writes Nest's log lines to the service's logger. Nest's own `log` lines become debug lines. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest passes the context last and, if the message is a text, the stack of an error before it. */
  private write(level: 'trace' | 'debug' | 'warn' | 'error' | 'fatal', message: unknown, rest: unknown[]): void {
    const context = rest.at(-1);
    const details: Record<string, unknown> = typeof context === 'string' ? { context } : {};
    if (rest.length > 1 && typeof rest[0] === 'string') details.stack = rest[0];
    if (message instanceof Error) {
      const error = describeError(message);
      this.logger[level]({ ...details, error, stack: stackFrames(message) }, error);
    } else if (typeof message === 'string') this.logger[level](details, message);
    else this.logger[level]({ ...details, message });
  }
}
