import { collectDefaultMetrics, Registry } from 'prom-client';

/** What the name of every metric begins with. */
export const METRIC_PREFIX = 'serverstats_';

/** A registry that holds the metrics of the process already: memory, CPU, event loop, garbage collection. */
export function createMetricsRegistry(): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register, prefix: METRIC_PREFIX });
  return register;
}
