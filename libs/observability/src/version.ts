import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The version in package.json. The file is searched upwards, because its distance differs between sources and bundle. */
export const VERSION = readVersion(dirname(fileURLToPath(import.meta.url)));

function readVersion(directory: string): string {
  try {
    const { version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { version: string };
    return version;
  } catch (error) {
    const parent = dirname(directory);
    if (parent === directory) throw error;
    return readVersion(parent);
  }
}
