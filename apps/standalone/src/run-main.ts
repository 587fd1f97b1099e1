import { ConfigurationError, readEnvironment } from '#libs/config';
import { EXIT_CODES, limitHeapGrowth, PortError } from '#libs/observability';
import { runStandalone, type RunningSystem } from './standalone.js';
import { StartupError } from './startup-error.js';
import { listenForStop } from './stop-signals.js';

/** Runs the whole system until it is stopped. @param work see {@link runStandalone} @returns the exit code */
export async function runMain(work?: (system: RunningSystem) => Promise<void>): Promise<number> {
  limitHeapGrowth();
  try {
    await runStandalone(readEnvironment(), listenForStop(), (line) => console.log(line), work);
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
