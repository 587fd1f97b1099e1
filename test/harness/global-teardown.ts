import { dropDatabasesOfRun } from './test-database.js';

/** Once a run, after the last test of this project. */
export default async function globalTeardown(): Promise<void> {
  await dropDatabasesOfRun();
}
