import { ConfigurationError, loadMigrateConfig, readEnvironment } from '#libs/config';
import { describeError } from '#libs/observability';
import { createDataSource } from './data-source.js';
import { migrateDatabase } from './migrate-database.js';

/** `npm run migrate`: the migrations alone. */
try {
  const config = loadMigrateConfig(readEnvironment());
  const dataSource = createDataSource({ url: config.databaseUrl, poolSize: 3, applicationName: 'serverstats-migrate' });
  await dataSource.initialize();
  try {
    const run = await migrateDatabase(dataSource, config.retention);
    console.log(run.length === 0 ? 'The schema is up to date.' : `Migrated: ${run.join(', ')}`);
  } finally {
    await dataSource.destroy();
  }
} catch (error) {
  console.error(error instanceof ConfigurationError ? error.message : describeError(error));
  process.exitCode = error instanceof ConfigurationError ? 78 : 1;
}
