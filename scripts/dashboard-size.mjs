/** Prints how much a browser loads to show the dashboard for the first time. Exits with 1 if it is too much. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const DIRECTORY = join('dist', 'dashboard');
/** In bytes, compressed. */
const BUDGET = 250_000;
/** Browsers load it only for pages that have its characters. */
const NOT_AT_FIRST = /latin-ext/;

const names = (await readdir(DIRECTORY, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && !NOT_AT_FIRST.test(entry.name))
  .map(({ parentPath, name }) => join(parentPath, name));
const sizes = await Promise.all(names.map(async (name) => sizeOf(name, await readFile(name))));
const total = sizes.reduce((sum, size) => sum + size, 0);
console.log(`dist/dashboard: first load ${Math.ceil(total / 1000)} kB compressed, of ${BUDGET / 1000} kB`);
if (total > BUDGET) process.exitCode = 1;

/** Fonts are compressed already. */
function sizeOf(name, content) {
  return name.endsWith('.woff2') ? content.length : gzipSync(content).length;
}
