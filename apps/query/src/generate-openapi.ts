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

// Writes FILE in the working directory, or prints the document with `--stdout`. The application is created but does not
// listen, and connects to neither a database nor a broker.

const config = loadQueryConfig(
  { DATABASE_URL: 'postgres://nowhere/none', SERVICE_KEY: 'n'.repeat(32), LOG_LEVEL: 'error', LOG_FORMAT: 'json' },
  { withoutBroker: true },
);
const handover: EventHandover = {
  handOver: () => Promise.reject(new Error('events cannot be handed over here')),
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
