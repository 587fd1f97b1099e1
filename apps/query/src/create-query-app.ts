import { NestFactory } from '@nestjs/core';
import { SwaggerModule } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { NestLogger, type HttpLimits } from '#libs/observability';
import { Credentials } from './access/credentials.js';
import { RequestRates } from './access/request-rates.js';
import { ApiKeyDirectory } from './api-keys/api-key-directory.js';
import { ApiKeyUses } from './api-keys/api-key-uses.js';
import { GuildDatabase } from './database/guild-database.js';
import { createHttpServer } from './http/http-server.js';
import { openApiDocument } from './openapi/openapi-document.js';
import { QueryModule, type QueryParts } from './query.module.js';

/**
 * The application, with all its routes; it does not listen yet.
 *
 * @param limits @defaultValue HTTP_LIMITS
 */
export async function createQueryApp(parts: QueryParts, limits?: HttpLimits): Promise<NestFastifyApplication> {
  const { config, database, logger, registry } = parts;
  const { serviceKey, rateLimitPerMinute, trustedProxies, corsOrigins, publicUrl } = config;
  const guildDatabase = new GuildDatabase(database.dataSource, config.database.poolSize);
  const apiKeyUses = new ApiKeyUses(guildDatabase, logger);
  const credentials = new Credentials(serviceKey, new ApiKeyDirectory(guildDatabase, apiKeyUses));
  const server = await createHttpServer({
    access: { credentials, rates: new RequestRates(rateLimitPerMinute) },
    trustedProxies,
    corsOrigins,
    publicUrl,
    limits,
    logger,
    registry,
  });
  const module = QueryModule.with(parts, { guildDatabase, apiKeyUses });
  const app = await NestFactory.create<NestFastifyApplication>(module, server, {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  SwaggerModule.setup('docs', app, () => openApiDocument(app), { jsonDocumentUrl: 'openapi.json', raw: ['json'] });
  await app.init();
  return app;
}
