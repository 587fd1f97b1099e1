/**
 * Bundles each program that people run into one file with its source map, dist/<name>.js: a start then reads one file
 * and not two thousand. It bundles what `nest build` made, as the bundler does not write the types of parameters that
 * Nest injects by.
 */
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build } from 'rolldown';
import { root } from './prepare.mjs';

const PROGRAMS = {
  query: 'apps/query/src/main.js',
  ingestion: 'apps/ingestion/src/main.js',
  standalone: 'apps/standalone/src/main.js',
  cli: 'apps/cli/src/main.js',
  migrate: 'libs/database/src/migrate.js',
};

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

for (const [name, file] of Object.entries(PROGRAMS)) {
  await build({
    cwd: root,
    input: join('dist', file),
    platform: 'node',
    external: FOUND_BY_PATH,
    plugins: [leaveOutWhatIsNotInstalled],
    output: {
      file: join('dist', `${name}.js`),
      format: 'esm',
      codeSplitting: false,
      // Nest finds providers by their class, and the API document names requests by it. Names that stay as they are
      // cost nothing: a bundler that sets the name of each closure anew makes a request a tenth slower.
      keepNames: true,
      sourcemap: true,
      sourcemapExcludeSources: true,
    },
    logLevel: 'warn',
  });
}
