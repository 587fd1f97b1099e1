import { NestFactory } from '@nestjs/core';
import { SwaggerModule } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { NestLogger, type HttpLimits } from '#libs/observability';
import { createHttpServer } from './http/http-server.js';
import { openApiDocument } from './openapi/openapi-document.js';
import { QueryModule, type QueryParts } from './query.module.js';

/**
 * The application, with all its routes; it does not listen yet.
 *
 * @param limits @defaultValue HTTP_LIMITS
 */
export async function createQueryApp(parts: QueryParts, limits?: HttpLimits): Promise<NestFastifyApplication> {
  const { config, logger, registry } = parts;
  const { serviceKey, corsOrigins, publicUrl } = config;
  const server = await createHttpServer({ serviceKey, corsOrigins, publicUrl, limits, logger, registry });
  const app = await NestFactory.create<NestFastifyApplication>(QueryModule.with(parts), server, {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  SwaggerModule.setup('docs', app, () => openApiDocument(app), { jsonDocumentUrl: 'openapi.json', raw: ['json'] });
  await app.init();
  return app;
}
