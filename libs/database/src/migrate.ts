import { ConfigurationError, loadMigrateConfig, readEnvironment } from '#libs/config';
import { createMigratingDataSource } from './data-source.js';
import { migrateDatabase } from './migrate-database.js';
import { UnusableDatabaseError } from './unusable-database-error.js';

/** `npm run migrate`: the migrations alone. */
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
  console.error((error as Error).message);
  process.exitCode = error instanceof ConfigurationError || error instanceof UnusableDatabaseError ? 78 : 1;
}
