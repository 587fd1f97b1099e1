import { builtinModules } from 'node:module';
import { build } from 'rolldown';
import { root } from './prepare.mjs';

/** It serves the files in its own directory, so it must stay in node_modules. */
const FOUND_BY_PATH = ['swagger-ui-dist'];

/** Nest and TypeORM can use drivers and transports that are not installed. They look for them at run time. */
const leaveOutWhatIsNotInstalled = {
  name: 'leave-out-what-is-not-installed',
  async resolveId(id, importer, options) {
    if (importer === undefined || /^(?:[./#]|node:)/.test(id) || builtinModules.includes(id)) return null;
    return (await this.resolve(id, importer, { ...options, skipSelf: true })) ?? { id, external: true };
  },
};

/** Bundles a file and everything that it imports into one file. `output` has the options of Rolldown's output. */
export async function bundle({ input, ...output }) {
  await build({
    cwd: root,
    input,
    platform: 'node',
    external: FOUND_BY_PATH,
    plugins: [leaveOutWhatIsNotInstalled],
    output: {
      codeSplitting: false,
      // Nest and the API document use the names of classes. Rolldown only sets names that it has changed. esbuild sets
      // the name of every closure each time it is created, which makes a request 10 % slower.
      keepNames: true,
      ...output,
    },
    logLevel: 'warn',
  });
}
