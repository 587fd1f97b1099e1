/**
 * Bundles each program that people run into one file with its source map, dist/<name>.js: a start then reads one file
 * and not two thousand. It bundles what `nest build` made, as the bundler does not write the types of parameters that
 * Nest injects by.
 */
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
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

/** What CommonJS modules expect to be there. */
const COMMON_JS = `
import { createRequire as __createRequire } from 'node:module';
import { dirname as __pathDirname } from 'node:path';
import { fileURLToPath as __fileURLToPath } from 'node:url';
const require = __createRequire(import.meta.url);
const __filename = __fileURLToPath(import.meta.url);
const __dirname = __pathDirname(__filename);
`;

/** Nest and TypeORM ask for drivers and transports that nobody installed; they go on asking at run time, in vain. */
const leaveOutWhatIsNotInstalled = {
  name: 'leave-out-what-is-not-installed',
  setup({ onResolve, resolve }) {
    const asked = Symbol('asked');
    onResolve({ filter: /^[^./#]/ }, async ({ path, kind, resolveDir, importer, pluginData }) => {
      if (pluginData === asked || path.startsWith('node:') || builtinModules.includes(path)) return undefined;
      const found = await resolve(path, { kind, resolveDir, importer, pluginData: asked });
      return found.errors.length > 0 ? { path, external: true } : found;
    });
  },
};

await build({
  absWorkingDir: root,
  entryPoints: Object.entries(PROGRAMS).map(([out, file]) => ({ out, in: join('dist', file) })),
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: FOUND_BY_PATH,
  plugins: [leaveOutWhatIsNotInstalled],
  banner: { js: COMMON_JS },
  // Nest finds providers by their class, and the API document names requests by it.
  keepNames: true,
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
});
