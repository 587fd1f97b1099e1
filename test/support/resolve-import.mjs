import { fileURLToPath } from 'node:url';

/** The file that `import` finds. `require` may find another one, with classes of its own. */
export function resolveImport(name) {
  return fileURLToPath(import.meta.resolve(name));
}
