import type { Spread } from './harness/rounds.js';

/** A benchmark of `npm run bench`. To add one, write a file and add it to benches.ts. */
export interface Bench {
  /** One line for `--list`. */
  title: string;
  /** Servers whose versions are in the report. */
  servers: readonly ('postgres' | 'rabbitmq')[];
  run(): Promise<Measurement>;
}

export interface Measurement {
  /** The parameters of the measurement: sizes, rounds, settings. */
  parameters: Record<string, string | number>;
  /** The unit of the results, such as `events/s` or `ms`. */
  unit: string;
  results: Record<string, Spread>;
  /** Ratios of results of the same run. Unlike the results, they are comparable between machines. */
  ratios: Record<string, Ratio>;
}

export interface Ratio {
  value: number;
  /** The target. */
  atLeast?: number;
  atMost?: number;
}
