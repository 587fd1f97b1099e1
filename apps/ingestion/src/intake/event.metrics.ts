import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';
import type { DatabaseFailure } from '#libs/database';
import { MAX_HELD_BYTES, MemoryBudget } from './memory-budget.js';
import type { OutcomeCounts, StoreOutcome } from './event-result.js';

/** `dead_lettered`: can never be stored. */
export type EventOutcome = StoreOutcome | 'dead_lettered';

/**
 * Metrics of events and of the memory they take. Label values are bounded by the outcomes; a guild is never a label.
 */
@Injectable()
export class EventMetrics {
  private readonly events: Counter<'outcome'>;
  private readonly unrepeatable: Counter;
  private readonly failures: Counter<'failure'>;

  constructor(registry: Registry, memory: MemoryBudget) {
    this.events = new Counter({
      name: 'serverstats_events_total',
      help: 'Events by outcome: stored, duplicate, unwanted, too_old, dead_lettered, no_discord, handled',
      labelNames: ['outcome'],
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
