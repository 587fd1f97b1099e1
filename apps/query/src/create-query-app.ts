import { NestFactory } from '@nestjs/core';
import { SwaggerModule } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { NestLogger } from '#libs/observability';
import { createHttpServer } from './http/http-server.js';
import { openApiDocument } from './openapi/openapi-document.js';
import { QueryModule, type QueryParts } from './query.module.js';

/** The application, with all its routes; it does not listen yet. */
export async function createQueryApp(parts: QueryParts): Promise<NestFastifyApplication> {
  const { config, logger, registry } = parts;
  const server = createHttpServer({ serviceKey: config.serviceKey, logger, registry });
  const app = await NestFactory.create<NestFastifyApplication>(QueryModule.with(parts), server, {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  SwaggerModule.setup('docs', app, () => openApiDocument(app), { jsonDocumentUrl: 'openapi.json', raw: ['json'] });
  await app.init();
  return app;
}
