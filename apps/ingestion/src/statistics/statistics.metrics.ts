import { Injectable } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';

/**
 * How a batch of statistics was written: by `copy`, or by `insert`, which skips events that are stored already. Many
 * inserts mean that a publisher sends its events more than once.
 */
export type WriteMethod = 'copy' | 'insert';

@Injectable()
export class StatisticsMetrics {
  private readonly batches: Counter<'way'>;

  constructor(registry: Registry) {
    this.batches = new Counter({
      name: 'serverstats_written_batches_total',
      help: 'Written batches of statistics, by method: copy, insert',
      labelNames: ['way'],
      registers: [registry],
    });
  }

  countBatch(way: WriteMethod): void {
    this.batches.inc({ way });
  }
}
