import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { VERSION } from '#libs/observability';
import { ACCESS_EXTENSION } from '../access/access.decorator.js';
import { SESSION_COOKIE } from '../access/session-cookie.js';
import { API_NAME } from '../product.js';
import { nameComponents } from './components.js';

import { TAGS } from './tags.js';

/** The API is available at the root and under its version. */
const SERVERS = [
  { url: '/', description: 'The current version' },
  { url: '/v1', description: 'Version 1' },
];
const VERSION_PREFIX = '/v1/';
const BEARER = 'bearer';
const SESSION = 'session';

type PathItem = OpenAPIObject['paths'][string];
type Operation = Readonly<Record<string, unknown>>;

const DESCRIPTION = `Statistics, starboard and counter panels for Discord guilds.

All responses have the same envelope, except downloads, \`/livez\`, \`/readyz\`, \`/metrics\` and \`/openapi.json\`.
Every response has an \`X-Request-Id\` header. Requests can contain Discord ids as JSON integers or as strings, without
loss of digits; responses have them as strings. Responses have times in UTC with milliseconds. A body that is too large
answers BadRequestError with status 413, and a body of another media type with status 415. Request bodies can be
compressed with gzip. Responses of 1 KiB and more are compressed for callers that accept it.`;

/** The OpenAPI document of all routes of the application. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(API_NAME)
    .setDescription(DESCRIPTION)
    .setVersion(VERSION)
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: 'The service key, or the API key of a guild' },
      BEARER,
    )
    .addCookieAuth(
      SESSION_COOKIE,
      { type: 'apiKey', in: 'cookie', description: 'A login. Changes also need the header X-CSRF-Token' },
      SESSION,
    );
  for (const [name, description] of Object.entries(TAGS)) builder.addTag(name, description);
  const document = nameComponents(SwaggerModule.createDocument(app, builder.build()));
  return { ...document, servers: SERVERS, paths: removeVersionedPaths(document.paths) };
}

/** Describes the version prefix as a second server and not as separate paths. */
function removeVersionedPaths(paths: OpenAPIObject['paths']): OpenAPIObject['paths'] {
  const hasVersion = (path: string) => Object.hasOwn(paths, VERSION_PREFIX + path.slice(1));
  return Object.fromEntries(
    Object.entries(paths)
      .filter(([path]) => !path.startsWith(VERSION_PREFIX))
      .map(([path, item]) => [path, hasVersion(path) ? secured(item) : { ...secured(item), servers: [SERVERS[0]!] }]),
  );
}

/** Adds the required credential to every operation, except open ones. */
function secured(item: PathItem): PathItem {
  return Object.fromEntries(
    Object.entries(item as Record<string, Operation>).map(([method, operation]) => [
      method,
      { ...operation, security: operation[ACCESS_EXTENSION] === 'open' ? [] : [{ [BEARER]: [] }, { [SESSION]: [] }] },
    ]),
  );
}
