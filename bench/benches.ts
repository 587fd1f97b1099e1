import type { Bench } from './bench.js';
import { ingest } from './ingest/ingest.js';

/** All benches by name. */
export const BENCHES: Readonly<Record<string, Bench>> = { ingest };
