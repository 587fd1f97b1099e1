import { createTemplate } from './test-database.js';

/** Runs once before the first test of this project. */
export default async function globalSetup(): Promise<void> {
  await createTemplate();
}
