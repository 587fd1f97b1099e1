import { Counter, Gauge, type Registry } from 'prom-client';
import { METRIC_PREFIX } from '#libs/observability';
import { EXPORT_FORMATS, type ExportFormat } from './export-formats.js';

/** The only label is the format. Guilds or kinds as labels would make too many series. */
export class ExportMetrics {
  readonly running: Gauge<'format'>;
  readonly records: Counter<'format'>;

  constructor(registry: Registry) {
    this.running = new Gauge({
      name: `${METRIC_PREFIX}exports_running`,
      help: 'Downloads of records in progress',
      labelNames: ['format'],
      registers: [registry],
    });
    this.records = new Counter({
      name: `${METRIC_PREFIX}exported_records_total`,
      help: 'Records read for downloads, including downloads that were not completed',
      labelNames: ['format'],
      registers: [registry],
    });
    for (const format of Object.keys(EXPORT_FORMATS) as ExportFormat[]) {
      this.running.set({ format }, 0);
      this.records.inc({ format }, 0);
    }
  }
}
