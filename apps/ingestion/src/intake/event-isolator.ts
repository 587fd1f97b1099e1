import { isNativeError } from 'node:util/types';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { classifyDatabaseError, Database, SQLSTATE, sqlState } from '#libs/database';
import { growingPause, systemClock } from '#libs/timing';
import { LOGGER } from '../tokens.js';
import type { DeadLetter } from './dead-letter.js';
import { EventError } from './event-error.js';
import { EventMetrics } from './event-metrics.js';
import type { EventSource } from './open-message.js';

/** An event with the way back to its message. */
export interface IsolatedEvent {
  event: { occurredAt: number | Date };
  source: EventSource;
  /** Among the events of the source. */
  index: number;
}

/** What a log line may say of an event. */
export interface EventLabels {
  event: string;
  guild: string | undefined;
}

export interface EventWork<E> {
  /** Stores these events, or none of them. Doing it again does no harm. */
  store(events: readonly E[]): Promise<void>;
  describe(event: E): EventLabels;
}

const PAUSES = { firstMs: 100, longestMs: 2_000 };

/** Stores events together, and finds the one that cannot be stored without harm to its neighbours. */
@Injectable()
export class EventIsolator {
  constructor(
    private readonly database: Database,
    private readonly metrics: EventMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Where the fault lies with an event, the batch is halved until that event is alone.
   *
   * @returns the dead letters of the events that Postgres will never accept, or that this program fails on
   * @throws the error in an outage: then no event is at fault, and all of them are to be stored again
   */
  async store<E extends IsolatedEvent>(events: readonly E[], work: EventWork<E>, depth = 0): Promise<DeadLetter[]> {
    try {
      await work.store(events);
      return [];
    } catch (error) {
      const failure = classifyDatabaseError(error);
      this.metrics.countFailure(failure);
      if (failure === 'outage') {
        if (sqlState(error) !== SQLSTATE.outOfSharedMemory || events.length === 1) throw error;
        await systemClock.sleep(growingPause(depth + 1, PAUSES));
        return this.storeHalves(events.toSorted(byTime), work, depth); // fewer days lock fewer partitions
      }
      if (events.length > 1) return this.storeHalves(events, work, depth);
      return failure === 'data' ? [this.refused(events[0]!, work, error)] : this.storeOnceMore(events[0]!, work);
    }
  }

  private async storeHalves<E extends IsolatedEvent>(
    events: readonly E[],
    work: EventWork<E>,
    depth: number,
  ): Promise<DeadLetter[]> {
    const middle = events.length >> 1;
    const first = await this.store(events.slice(0, middle), work, depth + 1);
    return [...first, ...(await this.store(events.slice(middle), work, depth + 1))];
  }

  /**
   * Nothing is known of what failed, so it may have been a failure of the connection that this program does not
   * recognize. The event is at fault when it fails again, with a database that answers.
   */
  private async storeOnceMore<E extends IsolatedEvent>(event: E, work: EventWork<E>): Promise<DeadLetter[]> {
    await this.database.probe();
    try {
      await work.store([event]);
      return [];
    } catch (error) {
      const failure = classifyDatabaseError(error);
      this.metrics.countFailure(failure);
      if (failure === 'outage') throw error;
      if (failure === 'data') return [this.refused(event, work, error)];
      // Not its message, which may repeat what the event holds: that lies with the dead letter.
      const unexpected = asError(error);
      const details = { ...work.describe(event), error: unexpected.name, stack: framesOf(unexpected) };
      this.logger.error(details, 'an event goes to the dead letters: this program fails on it');
      return [toDeadLetter(event, 'UnexpectedError', unexpected)];
    }
  }

  private refused<E extends IsolatedEvent>(event: E, work: EventWork<E>, error: unknown): DeadLetter {
    this.logger.warn({ ...work.describe(event), sqlState: sqlState(error) }, 'Postgres refuses an event');
    return toDeadLetter(event, 'RefusedByDatabaseError', asError(error));
  }
}

function toDeadLetter(
  { source, index }: IsolatedEvent,
  name: 'RefusedByDatabaseError' | 'UnexpectedError',
  error: Error,
): DeadLetter {
  return source.toDeadLetter(index, new EventError(name, error.message));
}

function byTime(a: IsolatedEvent, b: IsolatedEvent): number {
  return Number(a.event.occurredAt) - Number(b.event.occurredAt);
}

/** Where the error was thrown, without its message. */
function framesOf({ stack }: Error): string | undefined {
  return stack
    ?.match(/^ {4}at .+$/gm)
    ?.map((frame) => frame.trim())
    .join('\n');
}

/** Not by `instanceof`: errors of Node itself are of another realm in tests. */
function asError(error: unknown): Error {
  return isNativeError(error) ? error : new Error(String(error));
}
