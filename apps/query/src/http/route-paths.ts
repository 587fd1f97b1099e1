const MODULE = 'modules/serverstats';

/** The module's routes are served under both prefixes, the same. */
export function modulePaths(path = ''): string[] {
  return [MODULE, `v1/${MODULE}`].map((prefix) => (path === '' ? prefix : `${prefix}/${path}`));
}
