import fc from 'fast-check';
import { DISCORD_EPOCH_MS } from '#libs/contracts';
import type { DocumentedField, DocumentedRoute } from '../query/documented-api.js';
import { credentials, type Credential } from './credentials.js';
import { cursorChange, type CursorChange } from './cursors.js';
import { schemaText } from './field-texts.js';
import { SHUT_GUILDS, WILD_GUILDS } from './guilds.js';
import { brokenUtf8, mangled, objectText, oddText } from './json-texts.js';

/** An HTTP request. */
export interface FuzzRequest {
  method: string;
  /** The path with the query string. */
  target: string;
  headers: Readonly<Record<string, string>>;
  body?: Buffer;
  credential: Credential;
  /** If given, the request is sent twice: first for a page of one record, then with the changed cursor of that page. */
  cursor?: CursorChange;
  /** The documented method and path of the route. Undefined if there is no route. */
  route?: { method: string; path: string };
  /** Whether it is invalid HTTP, which the server's parser or the client may refuse. */
  isUnruly: boolean;
}

type Members = [name: string, text: string][];

const DAY_MS = 86_400_000;
const MODULE = '/modules/serverstats';
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
const JSON_TYPES = ['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON'];
const OTHER_TYPES = [
  ...['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'],
  ...['nonsense', '/', ';', 'application/jsonx', 'application/json+x', 'application/json; charset=utf-16', 'a/b; c="'],
];
const HEADERS: Readonly<Record<string, string[]>> = {
  accept: [
    ...['text/csv', 'application/x-ndjson', 'text/csv;q=0.1, application/json', '*/*', 'text/*', 'image/png', ''],
    ...['text/csv;q=x', ',;,', `text/csv${',a/b'.repeat(500)}`],
  ],
  'x-request-id': ['a-sane.token_1', 'a'.repeat(129), 'not sane', '\u00e9', '__proto__'],
  'accept-encoding': ['gzip', 'identity;q=0', 'br, *'],
  'if-none-match': ['*', '"x"'],
  range: ['bytes=0-0', 'bytes=-1', 'records=1'],
  origin: ['null', 'https://example.com'],
  cookie: ['a=b; __proto__=c', '=;'.repeat(500)],
  'x-forwarded-for': ['127.0.0.1', '__proto__'],
  'x-http-method-override': ['DELETE'],
  'content-encoding': ['gzip', 'identity'],
  connection: ['close', 'Upgrade, HTTP2-Settings'],
  upgrade: ['websocket', 'h2c'],
  constructor: ['x'],
  host: ['', 'example.com', '[::1]:80', 'a b'],
};
const LONGEST_VALUE = 1_000;
/** Unusual values of a query string, already encoded. */
const ODD_VALUES = [
  ...[
    '',
    '%zz',
    '%',
    '%ff',
    '%00',
    '%ED%A0%80',
    '+',
    '%2B1',
    '01',
    '1e3',
    '1.0',
    '-1',
    '0',
    'null',
    'true',
    '[]',
    '{}',
  ],
  ...['%EF%BC%91', '__proto__', 'constructor', 'toString', 'a=b', '=', '9223372036854775808', `1${'0'.repeat(60)}`],
  ...['2026-02-30T00:00:00Z', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '1970-01-01T00:00:00Z', 'NaN', '0x1'],
  ...['Etc/GMT%2B14', 'utc', 'Europe/Nowhere', '../../etc/passwd', 'a'.repeat(LONGEST_VALUE)],
];
const TIME_ZONES = [
  'UTC',
  'Europe/Amsterdam',
  'Asia/Kathmandu',
  'America/St_Johns',
  'Pacific/Apia',
  'Australia/Lord_Howe',
];

const guildText = fc
  .oneof(
    { weight: 5, arbitrary: fc.constantFrom(...WILD_GUILDS) },
    { weight: 1, arbitrary: fc.constantFrom(...SHUT_GUILDS) },
  )
  .chain((id) => fc.constantFrom(`"${id}"`, id));

/** Valid, nearly valid and invalid requests to one route. @param pathIds existing ids for its path */
export function requestsTo(route: DocumentedRoute, now: number, pathIds: string[]): fc.Arbitrary<FuzzRequest> {
  const isInQuery = route.query.length > 0;
  return fc
    .record({
      query: isInQuery ? searchOf(route, now) : fc.constant({ search: '' }),
      body: route.body === undefined ? fc.constant({}) : bodyOf(route.body, now),
      place: fc.constantFrom('query', 'body', 'body', 'both'),
      type: fc.oneof(
        { weight: 14, arbitrary: fc.constantFrom(...JSON_TYPES) },
        { weight: 1, arbitrary: fc.constantFrom(...OTHER_TYPES) },
      ),
      way: wayTo(route, pathIds),
      headers: someHeaders,
      credential: credentials,
    })
    .map(({ query, body, place, type, way, headers, credential }) => {
      // DELETE accepts fields in the query and in the body.
      const { search, cursor } = { cursor: undefined, ...(route.body && place === 'body' ? { search: '' } : query) };
      const content = isInQuery && place === 'query' ? undefined : (body as { content?: Buffer }).content;
      return fuzzRequest({
        ...way,
        target: way.target + (search === '' ? '' : `?${search}`),
        headers: { ...(content && { 'content-type': type }), ...headers },
        body: content,
        credential,
        cursor,
      });
    });
}

/** Requests to routes that do not exist. */
export const strayRequests: fc.Arbitrary<FuzzRequest> = fc
  .record({
    method: fc.constantFrom(...METHODS),
    target: fc.oneof(
      fc.constantFrom(
        ...[
          '//',
          '/%',
          '/%zz',
          '/%ff',
          '/%00',
          '/..%2f..%2fetc/passwd',
          '/docs/../../package.json',
          '/docs/%2e%2e%2fx',
        ],
        ...[`/v1${MODULE}s`, '/v1', '/v2/modules/serverstats/status', `${MODULE}/stats/__proto__/view`, '/constructor'],
        ...[
          `${MODULE}/stats`,
          `${MODULE}/stats/command/view/x`,
          `${MODULE}%2fstatus`,
          `/${'a'.repeat(5_000)}`,
          '/\u00e9',
        ],
        ...[
          `${MODULE}/status;guild_id=1`,
          `${MODULE}/Status`,
          '/v1/livez',
          '/v1/metrics',
          '/favicon.ico',
          '/*',
          '/:id',
        ],
      ),
      fc.webPath().map((path) => `/stray${path}`),
    ),
    headers: fc.constant({}),
    credential: credentials,
  })
  .map(fuzzRequest);

function fuzzRequest(of: Omit<FuzzRequest, 'isUnruly'>): FuzzRequest {
  const request = { ...of, isUnruly: /[^!-~]/.test(of.target) || of.headers.host !== undefined };
  return { ...request, [fc.toStringMethod]: () => describeRequest(request) } as FuzzRequest;
}

/** Describes a request so that it can be repeated, with the body as text or in base64. */
function describeRequest({ method, target, headers, body, credential, cursor }: FuzzRequest): string {
  const lines = [`${method} ${JSON.stringify(target)}`, `with ${credential.what}`];
  if (Object.keys(headers).length > 0) lines.push(JSON.stringify(headers));
  if (cursor !== undefined) lines.push(`after a page of one record, with its cursor: ${JSON.stringify(cursor)}`);
  if (body !== undefined) {
    const text = body.toString();
    const isText = Buffer.from(text).equals(body);
    lines.push(isText ? `body ${JSON.stringify(text)}` : `body in base64 ${body.toString('base64')}`);
  }
  return lines.join('\n  ');
}

/** The method and the path: mostly those of the route, with any of its prefixes. */
function wayTo(
  route: DocumentedRoute,
  pathIds: string[],
): fc.Arbitrary<Pick<FuzzRequest, 'method' | 'target' | 'route'>> {
  const { method, path } = route;
  const prefixes = path.startsWith(MODULE) || path.startsWith('/auth/') ? ['', '/v1'] : [''];
  const ids = fc.oneof(fc.constantFrom(...pathIds), fc.uuid(), fc.constantFrom('0', '%00', 'x', '__proto__', '{id}'));
  const paths = fc
    .record({
      prefix: fc.constantFrom(...prefixes),
      id: ids,
      change: fc.oneof(
        { weight: 12, arbitrary: fc.constant('none') },
        { weight: 2, arbitrary: fc.constantFrom('slash', 'encoded', 'capital') },
      ),
    })
    .map(({ prefix, id, change }) => {
      const pathOf = (template: string) => prefix + template.replace(/\{\w+\}/, id);
      if (change === 'slash') return { target: `${pathOf(path)}/`, isRoute: true };
      if (change === 'capital') return { target: pathOf(path.toUpperCase()), isRoute: false };
      const shown = change === 'encoded' ? path.replace(/[a-z](?=[a-z]*$)/, encodeLetter) : path;
      return { target: pathOf(shown), isRoute: true };
    });
  const methods = fc.oneof(
    { weight: 15, arbitrary: fc.constant(method) },
    { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
  );
  return fc.tuple(paths, methods).map(([{ target, isRoute }, chosen]) => ({
    method: chosen,
    target,
    route: isRoute ? { method: chosen, path } : undefined,
  }));
}

function encodeLetter(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16)}`;
}

const someHeaders: fc.Arbitrary<Record<string, string>> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc
      .array(
        fc
          .constantFrom(...Object.keys(HEADERS))
          .chain((name) => fc.tuple(fc.constant(name), fc.constantFrom(...HEADERS[name]!))),
        { minLength: 1, maxLength: 3 },
      )
      .map((entries) => Object.fromEntries(entries)),
  },
);

/** JSON of a value that the field accepts. */
function rightText({ name, schema }: DocumentedField, now: number): fc.Arbitrary<string> {
  if (name === 'guild_id') return guildText;
  if (name === 'timezone') return fc.constantFrom(...TIME_ZONES).map((zone) => JSON.stringify(zone));
  if (name === 'message_id')
    return fc.nat(29 * DAY_MS).map((ago) => `"${BigInt(now - ago - DISCORD_EPOCH_MS) << 22n}"`);
  return schemaText(schema, now);
}

/**
 * The members of a request: all required ones and some of the others with valid values. Every second request has one or
 * two unusual values.
 */
function membersOf(fields: readonly DocumentedField[], now: number): fc.Arbitrary<Members> {
  const isNeeded = ({ name, required }: DocumentedField) =>
    required || name === 'guild_id' || name === 'privacy_member_id';
  const present = fields.map((field) =>
    fc
      .tuple(
        isNeeded(field)
          ? fc.constant(true)
          : fc.boolean().chain((first) => (first ? fc.boolean() : fc.constant(false))),
        rightText(field, now),
      )
      .map(([isThere, text]): Members => (isThere ? [[field.name, text]] : [])),
  );
  const names = fc.constantFrom(
    ...fields.map(({ name }) => name),
    '__proto__',
    'constructor',
    'toString',
    '',
    'é',
    'pattern',
  );
  const change = fc.record({ name: names, text: fc.oneof(oddText, fc.constant(undefined)), isMore: fc.nat(4) });
  const changes = fc.oneof(fc.constant([]), fc.array(change, { minLength: 1, maxLength: 2 }));
  return fc.tuple(fc.tuple(...present), changes).map(([members, odd]) =>
    odd.reduce((all: Members, { name, text, isMore }): Members => {
      // One in five has another value besides the right one.
      const others = isMore === 0 ? all : all.filter(([other]) => other !== name);
      return text === undefined ? others : [...others, [name, text]];
    }, members.flat()),
  );
}

function bodyOf(fields: readonly DocumentedField[], now: number): fc.Arbitrary<{ content?: Buffer }> {
  const text = fc
    .tuple(membersOf(fields, now), fc.constantFrom('', '', ' ', '\r\n\t'))
    .map(([members, space]) => objectText(members, space));
  const content = fc.oneof(
    { weight: 12, arbitrary: text.map((json) => Buffer.from(json)) },
    { weight: 2, arbitrary: mangled(text).map((json) => Buffer.from(json)) },
    { weight: 1, arbitrary: brokenUtf8(text) },
    { weight: 1, arbitrary: oddText.map((json) => Buffer.from(json)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: text.map((json) => Buffer.from(`${json.slice(0, -1)},"more":"${'a'.repeat(110_000)}"}`)) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
  return content.map((bytes) => ({ content: bytes }));
}

function searchOf(route: DocumentedRoute, now: number): fc.Arbitrary<{ search: string; cursor?: CursorChange }> {
  const fields = route.query.filter(({ name }) => name !== 'cursor');
  const right = membersOf(fields, now).map((members) =>
    members.map(([name, text]): [string, string] => [name, asQueryValue(text)]),
  );
  const odd = fc.array(
    fc.tuple(
      fc.constantFrom(...fields.map(({ name }) => name), '__proto__', '%zz', '', 'cursor'),
      fc.constantFrom(...ODD_VALUES),
    ),
    {
      minLength: 1,
      maxLength: 2,
    },
  );
  const changes = fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: odd });
  const cursors =
    fields.length === route.query.length ? fc.constant(undefined) : fc.option(cursorChange, { nil: undefined });
  return fc.tuple(right, changes, fc.boolean(), cursors).map(([members, more, isInstead, cursor]) => {
    const kept = isInstead ? members.filter(([name]) => !more.some(([other]) => other === name)) : members;
    return { search: [...kept, ...more].map(([name, value]) => `${name}=${value}`).join('&'), cursor };
  });
}

/** The value of a JSON text in a query string. Lone surrogates are encoded as their invalid UTF-8 bytes. */
function asQueryValue(text: string): string {
  let value: unknown;
  try {
    // Integers stay text, because a number may not hold them exactly.
    value = /^-?\d+$/.test(text) ? text : JSON.parse(text);
  } catch {
    value = text;
  }
  // Longer values would make the headers too large.
  const plain = (typeof value === 'string' ? value : text).slice(0, LONGEST_VALUE);
  return /\p{Surrogate}/u.test(plain) ? '%ED%A0%80' : encodeURIComponent(plain);
}
