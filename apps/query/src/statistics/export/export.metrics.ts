import { Counter, Gauge, type Registry } from 'prom-client';
import { METRIC_PREFIX } from '#libs/observability';
import { EXPORT_FORMATS, type ExportFormat } from './export-formats.js';

/** Labels have the few formats: never a guild or a kind. */
export class ExportMetrics {
  readonly running: Gauge<'format'>;
  readonly records: Counter<'format'>;

  constructor(registry: Registry) {
    this.running = new Gauge({
      name: `${METRIC_PREFIX}exports_running`,
      help: 'Downloads of records that are being sent',
      labelNames: ['format'],
      registers: [registry],
    });
    this.records = new Counter({
      name: `${METRIC_PREFIX}exported_records_total`,
      help: 'Records read for downloads, whether they arrived or not',
      labelNames: ['format'],
      registers: [registry],
    });
    for (const format of Object.keys(EXPORT_FORMATS) as ExportFormat[]) {
      this.running.set({ format }, 0);
      this.records.inc({ format }, 0);
    }
  }
}
