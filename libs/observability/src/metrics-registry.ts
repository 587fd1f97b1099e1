import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { VERSION } from './version.js';

/** The prefix of all metric names. */
export const METRIC_PREFIX = 'serverstats_';

/** A registry with the metrics of the process (memory, CPU, event loop, garbage collection) and the version of the build. */
export function createMetricsRegistry(): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register, prefix: METRIC_PREFIX });
  const buildInfo = new Gauge({
    name: `${METRIC_PREFIX}build_info`,
    help: 'Always 1; the label is the version of the service',
    labelNames: ['version'],
    registers: [register],
  });
  buildInfo.set({ version: VERSION }, 1);
  return register;
}
