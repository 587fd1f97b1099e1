import { createTemplate } from './test-database.js';

/** Once a run, before the first test of this project. */
export default async function globalSetup(): Promise<void> {
  await createTemplate();
}
