import type { RawFile } from '@discordjs/rest';

/** One call of Discord's API. */
export interface DiscordCall {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** The path after the version, such as `/channels/123`. */
  path: `/${string}`;
  /** The guild for the limit of concurrent calls. Calls without a guild share one limit. */
  guildId?: string;
  query?: URLSearchParams;
  body?: unknown;
  files?: RawFile[];
  /** The call is idempotent, so it may be retried if the outcome is unknown. */
  isRepeatable: boolean;
  /**
   * `short`: waits for any rate limit that ends soon. `only_global`: waits only for the global rate limit.
   *
   * @defaultValue 'short'
   */
  waitsForLimits?: 'short' | 'only_global';
}

/**
 * Method and path, as used in errors and rate limits. Discord's limits apply to the first id of channels and guilds, so
 * that id is kept and the others are replaced.
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
