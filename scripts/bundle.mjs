/**
 * Bundles each program that people run into one file with its source map, dist/<name>.js: a start then reads one file
 * and not two thousand. It bundles what `nest build` made, as the bundler does not write the types of parameters that
 * Nest injects by.
 */
import { join } from 'node:path';
import { bundle } from './bundle-program.mjs';

const PROGRAMS = {
  query: 'apps/query/src/main.js',
  ingestion: 'apps/ingestion/src/main.js',
  standalone: 'apps/standalone/src/main.js',
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
