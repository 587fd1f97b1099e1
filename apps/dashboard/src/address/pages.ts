/** The pages by their paths. */
export type Page =
  | { name: 'login' }
  | { name: 'guilds' }
  | { name: 'overview'; guild: string }
  | { name: 'kind'; guild: string; kind: string }
  | { name: 'missing' };

export function pageOf(pathname: string): Page {
  const [first, guild, section, kind, ...more] = pathname.split('/').filter((part) => part !== '');
  if (first === undefined) return { name: 'guilds' };
  if (first === 'login' && guild === undefined) return { name: 'login' };
  if (first !== 'g' || guild === undefined || !/^\d{1,20}$/.test(guild) || more.length > 0) return { name: 'missing' };
  if (section === undefined) return { name: 'overview', guild };
  return section === 's' && kind !== undefined ? { name: 'kind', guild, kind } : { name: 'missing' };
}

export const overviewPath = (guild: string): string => `/g/${guild}`;
export const kindPath = (guild: string, kind: string): string => `/g/${guild}/s/${kind}`;

/** Where the login leads back to. Only paths of this service, so that a link cannot lead elsewhere. */
export function returnPath(search: string): string {
  const path = new URLSearchParams(search).get('return_to') ?? '/';
  return /^\/(?![/\\])/.test(path) ? path : '/';
}

export const loginPath = (returnTo: string): string =>
  returnTo === '/' ? '/login' : `/login?${new URLSearchParams({ return_to: returnTo })}`;
