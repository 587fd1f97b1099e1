import type { Bench } from './bench.js';
import { http } from './http/http.js';
import { ingest } from './ingest/ingest.js';
import { read } from './read/read.js';

/** All benches by name. */
export const BENCHES: Readonly<Record<string, Bench>> = { ingest, read, http };
