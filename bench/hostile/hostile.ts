import type { Bench, Measurement } from '../bench.js';
import { spreadOf, type Spread } from '../harness/rounds.js';
import { benchNumber } from '../harness/servers.js';
import { HOSTILE_BODIES, HOSTILE_QUERIES, type MakeBody } from './hostile-bodies.js';
import { BODY_READERS, MESSAGE_READERS, QUERY_READERS, type Reader } from './readers.js';

const ROUNDS = benchNumber('BENCH_ROUNDS', 15);
/** Not measured, so that the code is compiled before. */
const WARM_UPS = 3;
const KIB = 1_024;

/**
 * Each shape is read in full size and in an eighth of it. If that takes much more than eight times as long, it is not
 * linear.
 */
const FIELDS = [
  { what: 'body', bytes: 100 * KIB, wantedMs: 20, inputs: HOSTILE_BODIES, readers: BODY_READERS },
  { what: 'query string', bytes: 16 * KIB, wantedMs: 20, inputs: HOSTILE_QUERIES, readers: QUERY_READERS },
  // Ten times as large as a body.
  { what: 'message', bytes: KIB * KIB, wantedMs: 200, inputs: HOSTILE_BODIES, readers: MESSAGE_READERS },
] as const;

/** In milliseconds. Shorter times are not compared, because garbage collection dominates them. */
const COMPARABLE_MS = 10;

/** Measures the CPU time of reading expensive bodies, query strings and messages. */
export const hostile: Bench = {
  title: 'CPU time of reading hostile bodies of 100 KiB, query strings of 16 KiB and messages of 1 MiB',
  servers: [],
  async run(): Promise<Measurement> {
    const results: Record<string, Spread> = {};
    const ratios: Measurement['ratios'] = {};
    for (const { what, bytes, wantedMs, inputs, readers } of FIELDS) {
      let slowest = 0;
      let growth = 0;
      for (const [shape, make] of Object.entries<MakeBody>(inputs)) {
        const [whole, eighth] = [worst(readers, make(bytes)), worst(readers, make(bytes / 8))];
        results[`${what}: ${shape} (${whole.reader})`] = whole.spread;
        slowest = Math.max(slowest, whole.spread.median);
        if (whole.spread.lowest >= COMPARABLE_MS) {
          growth = Math.max(growth, whole.spread.lowest / (8 * eighth.spread.lowest));
        }
      }
      ratios[`slowest ${what} / ${wantedMs} ms`] = { value: slowest / wantedMs, atMost: 1 };
      ratios[`${what}: the whole / 8 eighths, at most`] = { value: growth, atMost: 4 };
    }
    return { parameters: { rounds: ROUNDS }, unit: 'ms', results, ratios };
  },
};

/** The slowest reader for an input. */
function worst(readers: Readonly<Record<string, Reader>>, input: string): { reader: string; spread: Spread } {
  const each = Object.entries(readers).map(([reader, read]) => ({ reader, spread: cpuTime(() => read(input)) }));
  return each.reduce((a, b) => (b.spread.median > a.spread.median ? b : a));
}

/** The CPU time of the whole process in milliseconds, including garbage collection in other threads. */
function cpuTime(work: () => void): Spread {
  for (let round = 0; round < WARM_UPS; round++) work();
  const times = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return spreadOf(times);
}
