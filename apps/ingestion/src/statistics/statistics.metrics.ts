import { Injectable } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';

/**
 * How a batch of statistics was written: `copy`, or `insert` with care for events that are stored already. Many of the
 * latter say that a publisher sends its events more than once.
 */
export type WayOfWriting = 'copy' | 'insert';

@Injectable()
export class StatisticsMetrics {
  private readonly batches: Counter<'way'>;

  constructor(registry: Registry) {
    this.batches = new Counter({
      name: 'serverstats_written_batches_total',
      help: 'Batches of statistics by the way they were written: copy, insert',
      labelNames: ['way'],
      registers: [registry],
    });
  }

  countBatch(way: WayOfWriting): void {
    this.batches.inc({ way });
  }
}
