import { dropDatabasesOfRun } from './test-database.js';

/** Runs once after the last test of this project. */
export default async function globalTeardown(): Promise<void> {
  await dropDatabasesOfRun();
}
