import type { SchemaName } from './request-schemas.js';

export type RouteName = `${'GET' | 'POST' | 'PATCH' | 'DELETE'} /${string}`;

type QueryRule = 'boolean' | 'snowflake' | { from: number; to: number };

export interface Route {
  /** The name in Discord's documentation, such as `GET /guilds/{guild_id}`. */
  name: RouteName;
  query: Readonly<Record<string, QueryRule>>;
  /** The allowed schemas of the body. Undefined for a request without a body. */
  body?: SchemaName | readonly SchemaName[];
  /** Whether the body may be a form with files. @defaultValue false */
  takesFiles?: boolean;
  /** The rate limit for each channel or guild, similar to Discord's. */
  limit: RouteLimit;
}

export interface RouteLimit {
  requests: number;
  windowMs: number;
}

const perSecond = (requests: number): RouteLimit => ({ requests, windowMs: 1_000 });
const inFiveSeconds = (requests: number): RouteLimit => ({ requests, windowMs: 5_000 });

/** All routes that the product uses. Any other route gets 404 and is a violation. */
export const ROUTES = [
  { name: 'GET /users/@me', query: {}, limit: perSecond(30) },
  {
    name: 'GET /users/@me/guilds',
    query: { after: 'snowflake', limit: { from: 1, to: 200 } },
    limit: perSecond(5),
  },
  { name: 'GET /users/{user_id}', query: {}, limit: perSecond(30) },
  { name: 'GET /guilds/{guild_id}', query: { with_counts: 'boolean' }, limit: inFiveSeconds(20) },
  { name: 'GET /guilds/{guild_id}/channels', query: {}, limit: inFiveSeconds(20) },
  {
    name: 'POST /guilds/{guild_id}/channels',
    query: {},
    body: 'CreateGuildChannelRequest',
    limit: inFiveSeconds(50),
  },
  { name: 'GET /guilds/{guild_id}/members/{user_id}', query: {}, limit: inFiveSeconds(20) },
  { name: 'GET /guilds/{guild_id}/roles', query: {}, limit: inFiveSeconds(20) },
  { name: 'GET /channels/{channel_id}', query: {}, limit: inFiveSeconds(50) },
  {
    name: 'PATCH /channels/{channel_id}',
    query: {},
    body: ['UpdateGuildChannelRequestPartial', 'UpdateThreadRequestPartial'],
    limit: { requests: 5, windowMs: 15_000 },
  },
  { name: 'DELETE /channels/{channel_id}', query: {}, limit: { requests: 5, windowMs: 15_000 } },
  {
    name: 'GET /channels/{channel_id}/messages/{message_id}',
    query: {},
    limit: inFiveSeconds(50),
  },
  {
    name: 'GET /channels/{channel_id}/messages',
    query: { after: 'snowflake', limit: { from: 1, to: 100 } },
    limit: inFiveSeconds(5),
  },
  {
    name: 'POST /channels/{channel_id}/messages',
    query: {},
    body: 'MessageCreateRequest',
    takesFiles: true,
    limit: inFiveSeconds(5),
  },
  {
    name: 'PATCH /channels/{channel_id}/messages/{message_id}',
    query: {},
    body: 'MessageEditRequestPartial',
    takesFiles: true,
    limit: inFiveSeconds(5),
  },
  { name: 'DELETE /channels/{channel_id}/messages/{message_id}', query: {}, limit: inFiveSeconds(5) },
  {
    name: 'GET /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}',
    query: { after: 'snowflake', limit: { from: 1, to: 100 }, type: { from: 0, to: 1 } },
    limit: perSecond(10),
  },
] as const satisfies readonly Route[];

export type KnownRouteName = (typeof ROUTES)[number]['name'];

export interface MatchedRoute {
  route: Route & { name: KnownRouteName };
  params: Record<string, string>;
}

/** @param path the path after the version */
export function matchRoute(method: string, path: string): MatchedRoute | undefined {
  for (const route of ROUTES) {
    const [routeMethod, template] = route.name.split(' ') as [string, string];
    const params = routeMethod === method ? matchTemplate(template, path) : undefined;
    if (params) return { route, params };
  }
  return undefined;
}

function matchTemplate(template: string, path: string): Record<string, string> | undefined {
  const expected = template.split('/');
  const segments = path.split('/');
  if (expected.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = expected[index]!;
    if (part.startsWith('{')) params[part.slice(1, -1)] = decodeURIComponent(segment);
    else if (part !== segment) return undefined;
  }
  return params;
}

/** Lists mistakes in the path and the query. */
export function addressComplaints({ route, params }: MatchedRoute, query: URLSearchParams) {
  const complaints: { path: string[]; code: string; message: string }[] = [];
  for (const [name, value] of Object.entries(params)) {
    // Discord accepts any number, but its ids have at least 17 digits, so fewer are a mistake.
    if (name.endsWith('_id') && !/^[1-9][0-9]{16,18}$/.test(value)) {
      complaints.push({ path: [name], code: 'NUMBER_TYPE_COERCE', message: `Value "${value}" is not snowflake.` });
    }
  }
  for (const name of new Set(query.keys())) {
    const rule = route.query[name];
    const values = query.getAll(name);
    if (!rule || values.length > 1)
      complaints.push({ path: [name], code: 'UNKNOWN_FIELD', message: 'no such parameter' });
    else if (!fits(rule, values[0]!)) {
      complaints.push({ path: [name], code: 'BASE_TYPE_BAD', message: `Value "${values[0]}" is not allowed.` });
    }
  }
  return complaints;
}

function fits(rule: QueryRule, value: string): boolean {
  if (rule === 'boolean') return value === 'true' || value === 'false';
  if (rule === 'snowflake') return /^[1-9][0-9]{16,18}$/.test(value);
  return /^[0-9]+$/.test(value) && Number(value) >= rule.from && Number(value) <= rule.to;
}
