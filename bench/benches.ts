import type { Bench } from './bench.js';
import { credentials } from './credentials/credentials.js';
import { discord } from './discord/discord.js';
import { erasure } from './erasure/erasure.js';
import { growth } from './growth/growth.js';
import { hostile } from './hostile/hostile.js';
import { http } from './http/http.js';
import { ingest } from './ingest/ingest.js';
import { latency } from './latency/latency.js';
import { memory } from './memory/memory.js';
import { read } from './read/read.js';

/** All benches by name. */
export const BENCHES: Readonly<Record<string, Bench>> = {
  ingest,
  latency,
  read,
  http,
  memory,
  growth,
  erasure,
  credentials,
  hostile,
  discord,
};
