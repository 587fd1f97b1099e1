import { loadIngestionConfig } from '#libs/config';

/** The INGESTION_… variables, to measure with other settings than the defaults. */
export const INGESTION_SETTINGS = Object.fromEntries(
  Object.entries(process.env).filter(([variable]) => variable.startsWith('INGESTION_')),
) as Record<string, string>;

/** The settings that result. The compared consumers use the same prefetch. */
export const { prefetch: PREFETCH, ...BATCH } = loadIngestionConfig({
  DATABASE_URL: 'postgres://localhost/defaults',
  RABBITMQ_URL: 'amqp://localhost',
  ...INGESTION_SETTINGS,
}).batch;
