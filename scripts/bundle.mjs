/**
 * Bundles each program into one file with a source map, dist/<name>.js, so that a start reads one file instead of two
 * thousand. It bundles the output of `nest build`, because the bundler does not emit the parameter types that Nest needs
 * for injection.
 */
import { join } from 'node:path';
import { bundle } from './bundle-program.mjs';

const PROGRAMS = {
  query: 'apps/query/src/main.js',
  ingestion: 'apps/ingestion/src/main.js',
  standalone: 'apps/standalone/src/main.js',
  demo: 'apps/standalone/src/demo/main.js',
  cli: 'apps/cli/src/main.js',
  migrate: 'libs/database/src/migrate.js',
};

for (const [name, file] of Object.entries(PROGRAMS)) {
  await bundle({
    input: join('dist', file),
    file: join('dist', `${name}.js`),
    format: 'esm',
    sourcemap: true,
    sourcemapExcludeSources: true,
  });
}
