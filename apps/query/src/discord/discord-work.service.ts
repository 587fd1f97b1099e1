import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Clock, DeadlineError, withDeadline } from '#libs/timing';
import { DiscordApiInteractionError, ServiceUnavailableError } from '../http/api-error.js';

/**
 * The time limit for everything that a request does in Discord. Together with undoing it, a request takes at most a
 * minute.
 */
const DISCORD_TIMEOUT_MS = 45_000;
export const UNDO_TIMEOUT_MS = 15_000;

/** Runs what requests do in Discord. */
@Injectable()
export class DiscordWork implements OnModuleDestroy {
  private readonly stopping = new AbortController();

  constructor(private readonly clock: Clock) {}

  /** Aborts when the service shuts down. */
  get stopSignal(): AbortSignal {
    return this.stopping.signal;
  }

  /** Cancels requests that wait for Discord before the server waits for its requests, so shutdown is not delayed. */
  onModuleDestroy(): void {
    this.stopping.abort(new ServiceUnavailableError('The service is shutting down, so the change was cancelled', {}));
  }

  /** @throws DiscordApiInteractionError after a timeout, ServiceUnavailableError during shutdown, or the work's error */
  async run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, stopSignal: signal } = this;
    try {
      return await withDeadline({ what: 'the change', ms: DISCORD_TIMEOUT_MS, signal, clock }, work);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      throw new DiscordApiInteractionError(`Discord did not answer in time: ${error.message}`, error);
    }
  }
}
