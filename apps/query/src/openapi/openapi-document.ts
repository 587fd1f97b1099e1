import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { API_NAME, VERSION } from '../product.js';
import { COMPONENT_SCHEMAS } from './schemas.js';

/** Where the API lies: at the root, and the same under its version. */
const SERVERS = [{ url: '/' }, { url: '/v1' }];
const VERSION_PREFIX = '/v1/';

const DESCRIPTION = `Statistics, starboard and counter panels for Discord guilds.

Every answer but downloads and those of \`/livez\`, \`/readyz\`, \`/metrics\` and \`/openapi.json\` has one envelope, and every
response bears \`X-Request-Id\`. Discord ids are taken as JSON integers or as strings, exactly, and answered as strings.
Times are answered in UTC with milliseconds. A body that is too large answers BadRequestError with status 413, one of
another media type with 415. Bodies may come in gzip; answers of 1 KiB and more are compressed for callers that accept it.`;

/** The OpenAPI document of the routes that the application has. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const info = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(API_NAME)
    .setDescription(DESCRIPTION)
    .setVersion(VERSION)
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The service key, or the API key of a guild' })
    .build();
  const document = SwaggerModule.createDocument(app, info, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  return {
    ...document,
    servers: SERVERS,
    paths: eachPathOnce(document.paths),
    components: { ...document.components, schemas: COMPONENT_SCHEMAS as never },
  };
}

/** The two prefixes are two servers and not two paths; what has no version lies at the root alone. */
function eachPathOnce(paths: OpenAPIObject['paths']): OpenAPIObject['paths'] {
  const hasVersion = (path: string) => Object.hasOwn(paths, VERSION_PREFIX + path.slice(1));
  return Object.fromEntries(
    Object.entries(paths)
      .filter(([path]) => !path.startsWith(VERSION_PREFIX))
      .map(([path, item]) => [path, hasVersion(path) ? item : { ...item, servers: [{ url: '/' }] }]),
  );
}
