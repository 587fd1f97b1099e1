import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { DatabaseFailure } from '#libs/database';
import { MAX_HELD_BYTES, MemoryBudget } from './memory-budget.js';
import { EVENT_ERRORS, type EventErrorName } from './event-error.js';
import type { OutcomeCounts, ReceivedEvent, StoreOutcome } from './event-result.js';

/** `dead_lettered`: can never be stored. */
export type EventOutcome = StoreOutcome | 'dead_lettered';

const OUTCOMES = {
  stored: true,
  duplicate: true,
  unwanted: true,
  too_old: true,
  dead_lettered: true,
  no_discord: true,
  handled: true,
} satisfies Record<EventOutcome, true>;

/**
 * Metrics of events and of the memory they take. Label values are bounded by outcomes and reasons; a guild is never a
 * label.
 */
@Injectable()
export class EventMetrics {
  private readonly events: Counter<'outcome'>;
  private readonly deadLetters: Counter<'reason'>;
  private readonly lag: Histogram;
  private readonly batchEvents: Histogram;
  private readonly batchSeconds: Histogram;
  private readonly unrepeatable: Counter;
  private readonly failures: Counter<'failure'>;

  constructor(registry: Registry, memory: MemoryBudget) {
    this.events = new Counter({
      name: 'serverstats_events_total',
      help: `Events by outcome: ${Object.keys(OUTCOMES).join(', ')}`,
      labelNames: ['outcome'],
      registers: [registry],
    });
    this.deadLetters = new Counter({
      name: 'serverstats_dead_letters_total',
      help: `Events that went to the dead letters, by reason: ${EVENT_ERRORS.join(', ')}`,
      labelNames: ['reason'],
      registers: [registry],
    });
    // A rate sees no increase in a series that begins with it.
    for (const outcome of Object.keys(OUTCOMES)) this.events.inc({ outcome }, 0);
    for (const reason of EVENT_ERRORS) this.deadLetters.inc({ reason }, 0);
    this.lag = new Histogram({
      name: 'serverstats_event_lag_seconds',
      help: 'Time of an event from its publish (AMQP timestamp), or else from when it occurred, until it was committed',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600],
      registers: [registry],
    });
    this.batchEvents = new Histogram({
      name: 'serverstats_batch_events',
      help: 'Events of a batch that was stored',
      buckets: [1, 10, 50, 100, 250, 500, 1_000, 2_000, 4_000, 8_000],
      registers: [registry],
    });
    this.batchSeconds = new Histogram({
      name: 'serverstats_batch_seconds',
      help: 'Time that storing a batch took, in the attempt that succeeded',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers: [registry],
    });
    this.unrepeatable = new Counter({
      name: 'serverstats_unrepeatable_events_total',
      help: 'Events without an id or a time: if delivered twice, they are stored twice',
      registers: [registry],
    });
    this.failures = new Counter({
      name: 'serverstats_storing_failures_total',
      help: 'Failed attempts to store events: data (rejected by Postgres), outage, unexpected (an error of this program)',
      labelNames: ['failure'],
      registers: [registry],
    });
    new Gauge({
      name: 'serverstats_held_message_bytes',
      help: `Approximate memory of unacknowledged messages in bytes; at most ${MAX_HELD_BYTES}`,
      registers: [registry],
      collect() {
        this.set(memory.heldBytes);
      },
    });
  }

  count(outcome: EventOutcome, events: number): void {
    if (events > 0) this.events.inc({ outcome }, events);
  }

  countDeadLetter(reason: EventErrorName): void {
    this.events.inc({ outcome: 'dead_lettered' });
    this.deadLetters.inc({ reason });
  }

  observeBatch(events: number, seconds: number): void {
    if (events === 0) return;
    this.batchEvents.observe(events);
    this.batchSeconds.observe(seconds);
  }

  /** @param now Unix milliseconds; the clock of a publisher may be ahead of it */
  observeLag({ event, source }: ReceivedEvent, now: number): void {
    this.lag.observe(Math.max(0, now - source.publishedAt(Number(event.occurredAt))) / 1_000);
  }

  countAll(counts: OutcomeCounts): void {
    for (const [outcome, events] of Object.entries(counts)) this.count(outcome as StoreOutcome, events);
  }

  countUnrepeatable(events: number): void {
    if (events > 0) this.unrepeatable.inc(events);
  }

  countFailure(failure: DatabaseFailure): void {
    this.failures.inc({ failure });
  }
}
