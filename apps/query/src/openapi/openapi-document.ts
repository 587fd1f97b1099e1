import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { ACCESS_EXTENSION } from '../access/access.decorator.js';
import { API_NAME, VERSION } from '../product.js';
import { nameComponents } from './components.js';

import { TAGS } from './tags.js';

/** Where the API lies: at the root, and the same under its version. */
const SERVERS = [
  { url: '/', description: 'The current version' },
  { url: '/v1', description: 'Version 1' },
];
const VERSION_PREFIX = '/v1/';
const BEARER = 'bearer';

type PathItem = OpenAPIObject['paths'][string];
type Operation = Readonly<Record<string, unknown>>;

const DESCRIPTION = `Statistics, starboard and counter panels for Discord guilds.

Every answer but downloads and those of \`/livez\`, \`/readyz\`, \`/metrics\` and \`/openapi.json\` has one envelope, and every
response bears \`X-Request-Id\`. Discord ids are taken as JSON integers or as strings, exactly, and answered as strings.
Times are answered in UTC with milliseconds. A body that is too large answers BadRequestError with status 413, one of
another media type with 415. Bodies may come in gzip; answers of 1 KiB and more are compressed for callers that accept it.`;

/** The OpenAPI document of the routes that the application has. */
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
    );
  for (const [name, description] of Object.entries(TAGS)) builder.addTag(name, description);
  const document = nameComponents(SwaggerModule.createDocument(app, builder.build()));
  return { ...document, servers: SERVERS, paths: eachPathOnce(document.paths) };
}

/** The two prefixes are two servers and not two paths; what has no version lies at the root alone. */
function eachPathOnce(paths: OpenAPIObject['paths']): OpenAPIObject['paths'] {
  const hasVersion = (path: string) => Object.hasOwn(paths, VERSION_PREFIX + path.slice(1));
  return Object.fromEntries(
    Object.entries(paths)
      .filter(([path]) => !path.startsWith(VERSION_PREFIX))
      .map(([path, item]) => [path, hasVersion(path) ? secured(item) : { ...secured(item), servers: [SERVERS[0]!] }]),
  );
}

/** Says of every operation which credential it needs; none of an open one. */
function secured(item: PathItem): PathItem {
  return Object.fromEntries(
    Object.entries(item as Record<string, Operation>).map(([method, operation]) => [
      method,
      { ...operation, security: operation[ACCESS_EXTENSION] === 'open' ? [] : [{ [BEARER]: [] }] },
    ]),
  );
}
