const MODULE = 'modules/serverstats';

/** The paths of a route of the module, without and with the version prefix. */
export function modulePaths(path = ''): string[] {
  return rootPaths(path === '' ? MODULE : `${MODULE}/${path}`);
}

/** The paths of a route at the root, without and with the version prefix. */
export function rootPaths(path: string): string[] {
  return [path, `v1/${path}`];
}
