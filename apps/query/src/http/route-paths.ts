const MODULE = 'modules/serverstats';

/** The module's routes are served under both prefixes, the same. */
export function modulePaths(path = ''): string[] {
  return rootPaths(path === '' ? MODULE : `${MODULE}/${path}`);
}

/** At the root and, the same, under the version. */
export function rootPaths(path: string): string[] {
  return [path, `v1/${path}`];
}
