import { collectDefaultMetrics, Registry } from 'prom-client';

/** The prefix of all metric names. */
export const METRIC_PREFIX = 'serverstats_';

/** Creates a registry with the default metrics of the process: memory, CPU, event loop, garbage collection. */
export function createMetricsRegistry(): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register, prefix: METRIC_PREFIX });
  return register;
}
