import { builtinModules } from 'node:module';
import { build } from 'rolldown';
import { root } from './prepare.mjs';

/** It is found by the files that lie beside it, which it serves. */
const FOUND_BY_PATH = ['swagger-ui-dist'];

/** Nest and TypeORM ask for drivers and transports that nobody installed; they go on asking at run time, in vain. */
const leaveOutWhatIsNotInstalled = {
  name: 'leave-out-what-is-not-installed',
  async resolveId(id, importer, options) {
    if (importer === undefined || /^(?:[./#]|node:)/.test(id) || builtinModules.includes(id)) return null;
    return (await this.resolve(id, importer, { ...options, skipSelf: true })) ?? { id, external: true };
  },
};

/** Bundles a file with all that it imports into one file. `output` has further settings of Rolldown's output. */
export async function bundle({ input, ...output }) {
  await build({
    cwd: root,
    input,
    platform: 'node',
    external: FOUND_BY_PATH,
    plugins: [leaveOutWhatIsNotInstalled],
    output: {
      codeSplitting: false,
      // Nest finds providers by their class, and the API document names requests by it. Names that stay as they are
      // cost nothing: a bundler that sets the name of each closure anew makes a request a tenth slower.
      keepNames: true,
      ...output,
    },
    logLevel: 'warn',
  });
}
