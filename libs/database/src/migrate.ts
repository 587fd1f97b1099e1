import { ConfigurationError, loadMigrateConfig, readEnvironment } from '#libs/config';
import { describeError } from '#libs/observability';
import { createMigratingDataSource } from './data-source.js';
import { migrateDatabase } from './migrate-database.js';
import { UnusableDatabaseError } from './unusable-database-error.js';

/** `npm run migrate` */
try {
  const config = loadMigrateConfig(readEnvironment());
  const dataSource = createMigratingDataSource(config.databaseUrl);
  await dataSource.initialize();
  try {
    const run = await migrateDatabase(dataSource, config.retention);
    console.log(run.length === 0 ? 'The schema is up to date.' : `Migrated: ${run.join(', ')}`);
  } finally {
    await dataSource.destroy();
  }
} catch (error) {
  const isWrongSetup = error instanceof ConfigurationError || error instanceof UnusableDatabaseError;
  console.error(isWrongSetup ? error.message : describeError(error));
  process.exitCode = isWrongSetup ? 78 : 1;
}
