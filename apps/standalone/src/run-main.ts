import { ConfigurationError, readEnvironment, type Environment } from '#libs/config';
import { EXIT_CODES, limitHeapGrowth, PortError } from '#libs/observability';
import { runStandalone, type RunningSystem } from './standalone.js';
import { StartupError } from './startup-error.js';
import { listenForStop } from './stop-signals.js';

interface MainOptions {
  /** Variables that are used where the environment has none. */
  defaults?: Environment;
  /** See {@link runStandalone}. */
  work?: (system: RunningSystem) => Promise<void>;
}

/** Runs the whole system until it is stopped. @returns the exit code */
export async function runMain({ defaults = {}, work }: MainOptions = {}): Promise<number> {
  limitHeapGrowth();
  try {
    const given = Object.entries(readEnvironment()).filter(([, value]) => value);
    const env = { ...defaults, ...Object.fromEntries(given) };
    await runStandalone(env, listenForStop(), (line) => console.log(line), work);
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
