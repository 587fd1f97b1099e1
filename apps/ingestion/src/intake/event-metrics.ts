import { Injectable } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import type { DatabaseFailure } from '#libs/database';

/**
 * - `stored`: written and committed
 * - `duplicate`: was stored before
 * - `unwanted`: module or statistic off, or erased
 * - `too_old`: older than the retention
 * - `dead_lettered`: can never be taken
 * - `no_discord`: starboard and counter panel events, while nothing acts in Discord
 * - `handled`: an event that is no statistic was carried out
 */
export type EventOutcome = 'stored' | 'duplicate' | 'unwanted' | 'too_old' | 'dead_lettered' | 'no_discord' | 'handled';

/**
 * How a batch of statistics was written: `copy`, or `insert` with care for events that are stored already. Many of the
 * latter say that a publisher sends its events more than once.
 */
export type WayOfWriting = 'copy' | 'insert';

/** What became of the events. Labels are bounded by the lists above; never a guild. */
@Injectable()
export class EventMetrics {
  private readonly events: Counter<'outcome'>;
  private readonly unrepeatable: Counter;
  private readonly batches: Counter<'way'>;
  private readonly failures: Counter<'failure'>;

  constructor(registry: Registry) {
    this.events = new Counter({
      name: 'serverstats_events_total',
      help: 'Events by outcome: stored, duplicate, unwanted, too_old, dead_lettered, no_discord, handled',
      labelNames: ['outcome'],
      registers: [registry],
    });
    this.unrepeatable = new Counter({
      name: 'serverstats_unrepeatable_events_total',
      help: 'Events without an id or a time of their own: delivered twice, they are stored twice',
      registers: [registry],
    });
    this.batches = new Counter({
      name: 'serverstats_written_batches_total',
      help: 'Batches of statistics by the way they were written: copy, insert',
      labelNames: ['way'],
      registers: [registry],
    });
    this.failures = new Counter({
      name: 'serverstats_storing_failures_total',
      help: 'Failed attempts to store events: data (refused by Postgres), outage, unexpected (this program is at fault)',
      labelNames: ['failure'],
      registers: [registry],
    });
  }

  count(outcome: EventOutcome, events: number): void {
    if (events > 0) this.events.inc({ outcome }, events);
  }

  countUnrepeatable(events: number): void {
    if (events > 0) this.unrepeatable.inc(events);
  }

  countBatch(way: WayOfWriting): void {
    this.batches.inc({ way });
  }

  countFailure(failure: DatabaseFailure): void {
    this.failures.inc({ failure });
  }
}
