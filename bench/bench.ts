import type { Spread } from './harness/rounds.js';

/** Something that `npm run bench` measures. To add one: write it as a file, and name it in benches.ts. */
export interface Bench {
  /** For `--list`, one line. */
  title: string;
  /** Servers whose versions belong into the report. */
  servers: readonly ('postgres' | 'rabbitmq')[];
  run(): Promise<Measurement>;
}

export interface Measurement {
  /** What was measured with: sizes, rounds, settings. */
  parameters: Record<string, string | number>;
  /** Of the results: `events/s`, `ms`. */
  unit: string;
  results: Record<string, Spread>;
  /** The machine is shared and differs from yours: ratios of one interleaved run are what counts. */
  ratios: Record<string, Ratio>;
}

export interface Ratio {
  value: number;
  /** What this system promises itself. */
  atLeast?: number;
  atMost?: number;
}
