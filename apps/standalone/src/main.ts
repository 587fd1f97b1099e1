import 'reflect-metadata';
import { ConfigurationError, readEnvironment } from '#libs/config';
import { EXIT_CODES, limitHeapGrowth, PortError } from '#libs/observability';
import { runStandalone } from './standalone.js';
import { StartupError } from './startup-error.js';
import { listenForStop } from './stop-signals.js';

async function main(): Promise<number> {
  try {
    await runStandalone(readEnvironment(), listenForStop(), (line) => console.log(line));
    return EXIT_CODES.stopped;
  } catch (error) {
    if (error instanceof ConfigurationError) {
      console.error(error.message);
      return EXIT_CODES.wrongConfiguration;
    }
    console.error(error instanceof StartupError || error instanceof PortError ? error.message : error);
    return EXIT_CODES.failed;
  }
}

limitHeapGrowth();
process.exit(await main());
