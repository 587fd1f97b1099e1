import type { DataSource } from 'typeorm';
import { loadCliConfig, readEnvironment } from '#libs/config';
import { createDataSource, requireCurrentSchema } from '#libs/database';

const POOL_SIZE = 1;

/** Runs work with a connection to DATABASE_URL, and then closes it. @throws ConfigurationError */
export async function withDatabase<T>(work: (dataSource: DataSource) => Promise<T>): Promise<T> {
  const { databaseUrl } = loadCliConfig(readEnvironment());
  const dataSource = createDataSource({ url: databaseUrl, poolSize: POOL_SIZE, applicationName: 'serverstats-cli' });
  await dataSource.initialize();
  try {
    await requireCurrentSchema(dataSource);
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}
