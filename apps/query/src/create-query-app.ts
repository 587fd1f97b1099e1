import fastifyStatic from '@fastify/static';
import { NestFactory } from '@nestjs/core';
import { SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { NestLogger, type HttpLimits } from '#libs/observability';
import { AccessGuard } from './access/access.guard.js';
import { identifyCallers } from './access/identify-callers.js';
import { DashboardFiles } from './dashboard/dashboard-files.js';
import { createHttpServer } from './http/http-server.js';
import { openApiDocument } from './openapi/openapi-document.js';
import { QueryModule } from './query.module.js';
import type { ServiceParts } from './service-parts.module.js';

/**
 * Creates the application with all its routes. It does not listen yet.
 *
 * @param limits @defaultValue HTTP_LIMITS
 */
export async function createQueryApp(parts: ServiceParts, limits?: HttpLimits): Promise<NestFastifyApplication> {
  const { config, logger, registry } = parts;
  const { trustedProxies, corsOrigins, publicUrl } = config;
  const server = await createHttpServer({ trustedProxies, corsOrigins, publicUrl, limits, logger, registry });
  const dashboard = DashboardFiles.find();
  const app = await NestFactory.create<NestFastifyApplication>(QueryModule.with(parts, dashboard), server, {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  identifyCallers(server.getInstance() as unknown as FastifyInstance, app.get(AccessGuard));
  // Only `reply.sendFile`; the routes are the dashboard's.
  if (dashboard !== undefined) await app.register(fastifyStatic, { root: dashboard.directory, serve: false });
  SwaggerModule.setup('docs', app, () => openApiDocument(app), { jsonDocumentUrl: 'openapi.json', raw: ['json'] });
  await app.init();
  return app;
}
