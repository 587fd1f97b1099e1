import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import type { EventHandover } from '#libs/broker';
import { loadQueryConfig } from '#libs/config';
import { CounterTypes, StatisticsContract } from '#libs/contracts';
import { Database } from '#libs/database';
import { systemClock } from '#libs/timing';
import { createLogger, createMetricsRegistry } from '#libs/observability';
import { createQueryApp } from './create-query-app.js';
import { Outages } from './http/outages.js';
import { openApiDocument } from './openapi/openapi-document.js';

const FILE = 'docs/openapi.json';

// Writes FILE below the working directory, or prints it with `--stdout`. The application is made but never listens,
// and neither a database nor a broker is reached for.

const config = loadQueryConfig(
  { DATABASE_URL: 'postgres://nowhere/none', SERVICE_KEY: 'n'.repeat(32), LOG_LEVEL: 'error', LOG_FORMAT: 'json' },
  { withoutBroker: true },
);
const handover: EventHandover = {
  handOver: () => Promise.reject(new Error('nothing is handed over here')),
  probe: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
const database = new Database({
  ...config.database,
  retention: config.retention,
  applicationName: 'generate-openapi',
  onUnavailable: () => undefined,
});
const app = await createQueryApp({
  config,
  contract: new StatisticsContract(),
  counterTypes: new CounterTypes(),
  database,
  outages: new Outages(database, { note: () => undefined }),
  handover,
  clock: systemClock,
  registry: createMetricsRegistry(),
  logger: createLogger(config.log, 'generate-openapi'),
});
const text = `${JSON.stringify(openApiDocument(app), null, 2)}\n`;
await app.close();
if (process.argv.includes('--stdout')) process.stdout.write(text);
else writeFileSync(FILE, text);
