import { isNativeError } from 'node:util/types';
import { Injectable } from '@nestjs/common';
import { classifyDatabaseError, Database, SQLSTATE, sqlState } from '#libs/database';
import { Logger, describeError, stackFrames, type LogIds } from '#libs/observability';
import { growingPause, systemClock } from '#libs/timing';
import type { EventConsumer } from './event-consumer.js';
import { EventError } from './event-error.js';
import { EventMetrics } from './event.metrics.js';
import type { OutcomeCounts, ReceivedEvent, RefusedEvent, StoreOutcome } from './event-result.js';

/** What became of events that were to be stored. */
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

/** Stores events together, and finds the one that cannot be stored without harm to its neighbours. */
@Injectable()
export class EventStorer {
  constructor(
    private readonly database: Database,
    private readonly metrics: EventMetrics,
    private readonly logger: Logger,
  ) {}

  /**
   * Where the fault lies with an event, the batch is halved until that event is alone.
   *
   * @param outcome gets what became of them, also which ones Postgres will never accept, or this program fails on
   * @throws the error in an outage: then no event is at fault, and all of them are to be stored again
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
        // Fewer days lock fewer partitions.
        await this.storeHalves(events.toSorted(byTime), consumer, outcome, depth);
      } else if (events.length > 1) await this.storeHalves(events, consumer, outcome, depth);
      else if (failure === 'data') this.refuse(events[0]!, error, outcome);
      else await this.storeOnceMore(events[0]!, consumer, outcome);
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
   * Nothing is known of what failed, so it may have been a failure of the connection that this program does not
   * recognize. The event is at fault when it fails again, with a database that answers.
   */
  private async storeOnceMore(event: ReceivedEvent, consumer: EventConsumer, outcome: StoringOutcome): Promise<void> {
    await this.database.probe();
    try {
      outcome.add(await consumer.store([event.event]));
    } catch (error) {
      const failure = classifyDatabaseError(error);
      this.metrics.countFailure(failure);
      if (failure === 'outage') throw error;
      if (failure === 'data') return this.refuse(event, error, outcome);
      // Not its message, which may repeat what the event holds: that lies with the dead letter.
      const unexpected = asError(error);
      const details = { ...outcome.ids, ...labelsOf(event), error: unexpected.name, stack: stackFrames(unexpected) };
      this.logger.error(details, 'an event goes to the dead letters: this program fails on it');
      outcome.refused.set(event, refusalOf(event, 'UnexpectedError', unexpected));
    }
  }

  private refuse(event: ReceivedEvent, error: unknown, outcome: StoringOutcome): void {
    this.logger.warn({ ...outcome.ids, ...labelsOf(event), error: describeError(error) }, 'Postgres refuses an event');
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

/** What a log line may say of an event. */
function labelsOf({ event, source: { type } }: ReceivedEvent): { event: string; guild_id: string | undefined } {
  return { event: type.name, guild_id: type.guildOf(event) };
}

function byTime(a: ReceivedEvent, b: ReceivedEvent): number {
  return Number(a.event.occurredAt) - Number(b.event.occurredAt);
}

/** Not by `instanceof`: errors of Node itself are of another realm in tests. */
function asError(error: unknown): Error {
  return isNativeError(error) ? error : new Error(String(error));
}
