import { isNativeError } from 'node:util/types';
import { Injectable } from '@nestjs/common';
import { classifyDatabaseError, Database, SQLSTATE, sqlState } from '#libs/database';
import { Logger, describeError, stackFrames, type LogIds } from '#libs/observability';
import { growingPause, systemClock } from '#libs/timing';
import type { EventConsumer } from './event-consumer.js';
import { EventError } from './event-error.js';
import { EventMetrics } from './event.metrics.js';
import type { OutcomeCounts, ReceivedEvent, RefusedEvent, StoreOutcome } from './event-result.js';

/** The outcomes of stored events. */
export class StoringOutcome {
  readonly counts: Partial<Record<StoreOutcome, number>> = {};
  readonly refused = new Map<ReceivedEvent, RefusedEvent>();

  /** @param ids of the batch, for the log */
  constructor(readonly ids: LogIds = {}) {}

  add(counts: OutcomeCounts): void {
    for (const [outcome, events] of Object.entries(counts) as [StoreOutcome, number][]) {
      this.counts[outcome] = (this.counts[outcome] ?? 0) + events;
    }
  }
}

const PAUSES = { firstMs: 100, longestMs: 2_000 };

/** Stores events in batches, and isolates an event that cannot be stored. */
@Injectable()
export class EventStorer {
  constructor(
    private readonly database: Database,
    private readonly metrics: EventMetrics,
    private readonly logger: Logger,
  ) {}

  /**
   * If an event is at fault, the batch is bisected until that event is isolated.
   *
   * @param outcome receives the outcomes, including events that Postgres rejects or this program fails on
   * @throws the error of an outage: no event is at fault, and the whole batch has to be retried
   */
  async store(
    events: readonly ReceivedEvent[],
    consumer: EventConsumer,
    outcome: StoringOutcome,
    depth = 0,
  ): Promise<void> {
    try {
      outcome.add(await consumer.store(events.map(({ event }) => event)));
    } catch (error) {
      const failure = classifyDatabaseError(error);
      this.metrics.countFailure(failure);
      if (failure === 'outage') {
        if (sqlState(error) !== SQLSTATE.outOfSharedMemory || events.length === 1) throw error;
        await systemClock.sleep(growingPause(depth + 1, PAUSES));
        // Sorted by time, each half has fewer days and locks fewer partitions.
        await this.storeHalves(events.toSorted(byTime), consumer, outcome, depth);
      } else if (events.length > 1) await this.storeHalves(events, consumer, outcome, depth);
      else if (failure === 'data') this.refuse(events[0]!, error, outcome);
      else await this.retryAlone(events[0]!, consumer, outcome);
    }
  }

  private async storeHalves(
    events: readonly ReceivedEvent[],
    consumer: EventConsumer,
    outcome: StoringOutcome,
    depth: number,
  ): Promise<void> {
    const middle = events.length >> 1;
    await this.store(events.slice(0, middle), consumer, outcome, depth + 1);
    await this.store(events.slice(middle), consumer, outcome, depth + 1);
  }

  /**
   * Retries an event after an unexpected error, which may be an unrecognized failure of the connection. The event is at
   * fault if it fails again while the database answers.
   */
  private async retryAlone(event: ReceivedEvent, consumer: EventConsumer, outcome: StoringOutcome): Promise<void> {
    await this.database.probe();
    try {
      outcome.add(await consumer.store([event.event]));
    } catch (error) {
      const failure = classifyDatabaseError(error);
      this.metrics.countFailure(failure);
      if (failure === 'outage') throw error;
      if (failure === 'data') return this.refuse(event, error, outcome);
      // The error message may contain data of the event, so it is only in the dead letter.
      const unexpected = asError(error);
      const details = { ...outcome.ids, ...labelsOf(event), error: unexpected.name, stack: stackFrames(unexpected) };
      this.logger.error(details, 'storing an event failed unexpectedly: publishing it to the dead letters');
      outcome.refused.set(event, refusalOf(event, 'UnexpectedError', unexpected));
    }
  }

  private refuse(event: ReceivedEvent, error: unknown, outcome: StoringOutcome): void {
    const details = { ...outcome.ids, ...labelsOf(event), error: describeError(error) };
    this.logger.warn(details, 'Postgres rejected an event: publishing it to the dead letters');
    outcome.refused.set(event, refusalOf(event, 'RefusedByDatabaseError', asError(error)));
  }
}

function refusalOf(
  { source, index }: ReceivedEvent,
  name: 'RefusedByDatabaseError' | 'UnexpectedError',
  error: Error,
): RefusedEvent {
  return source.refuse(index, new EventError(name, error.message));
}

/** The properties of an event that may be logged. */
function labelsOf({ event, source: { type } }: ReceivedEvent): { event: string; guild_id: string | undefined } {
  return { event: type.name, guild_id: type.guildOf(event) };
}

function byTime(a: ReceivedEvent, b: ReceivedEvent): number {
  return Number(a.event.occurredAt) - Number(b.event.occurredAt);
}

/** Does not use `instanceof`, because in tests Node's own errors are from another realm. */
function asError(error: unknown): Error {
  return isNativeError(error) ? error : new Error(String(error));
}
