import type { RawFile } from '@discordjs/rest';

/** One thing that is asked of Discord. */
export interface DiscordCall {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the version, such as `/channels/123`. */
  path: `/${string}`;
  /** The guild whose limit of calls under way this counts for; calls of no guild share one. */
  guildId?: string;
  query?: URLSearchParams;
  body?: unknown;
  files?: RawFile[];
  /** Doing it twice is the same as doing it once, so that it may be tried again when the outcome is unknown. */
  isRepeatable: boolean;
  /**
   * `short`: a limit that ends soon is waited for. `only_global`: of the limits only the global one is, whatever they
   * say.
   *
   * @defaultValue 'short'
   */
  waitsForLimits?: 'short' | 'only_global';
}

/**
 * Method and path as errors and rate limits know them: Discord counts by the first id of channels and guilds, so that
 * one stays and the others are left out.
 */
export function routeOf({ method, path }: Pick<DiscordCall, 'method' | 'path'>): string {
  const [, kind, ...rest] = path.split('/');
  const keepsFirst = kind === 'channels' || kind === 'guilds';
  const segments = rest.map((segment, index) => {
    if (rest[index - 1] === 'reactions') return ':emoji';
    return /^[0-9]+$/.test(segment) && !(keepsFirst && index === 0) ? ':id' : segment;
  });
  return `${method} /${[kind, ...segments].join('/')}`;
}

/** Method and path without any id, for metrics: "PATCH /channels/:id". */
export function routeTemplateOf(method: string, path: string): string {
  const segments = path.split('/');
  const named = segments.map((segment, index) => {
    if (segments[index - 1] === 'reactions') return ':emoji';
    return /^[0-9]+$/.test(segment) ? ':id' : segment;
  });
  return `${method} ${named.join('/')}`;
}
