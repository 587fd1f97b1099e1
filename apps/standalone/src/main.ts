import 'reflect-metadata';
import { ConfigurationError, readEnvironment } from '#libs/config';
import { runStandalone } from './standalone.js';
import { StartupError } from './startup-error.js';
import { listenForStop } from './stop-signals.js';

const EXIT_STOPPED = 0;
const EXIT_FAILED = 1;
const EXIT_CONFIGURATION = 78;

async function main(): Promise<number> {
  try {
    await runStandalone(readEnvironment(), listenForStop(), (line) => console.log(line));
    return EXIT_STOPPED;
  } catch (error) {
    if (error instanceof ConfigurationError) {
      console.error(error.message);
      return EXIT_CONFIGURATION;
    }
    console.error(error instanceof StartupError ? error.message : error);
    return EXIT_FAILED;
  }
}

process.exit(await main());
