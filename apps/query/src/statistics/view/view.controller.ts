import { Controller, Get, Header, Query, Req, type StreamableFile, type Type } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { CompiledKind } from '#libs/contracts';
import { Access } from '../../access/access.decorator.js';
import type { Answer } from '../../http/envelope.js';
import { modulePaths } from '../../http/route-paths.js';
import { Endpoint } from '../../openapi/endpoint.decorator.js';
import { nameAfterKind } from '../../openapi/name-after-kind.js';
import { pageSchema } from '../../openapi/schemas.js';
import { EXPORT_MEDIA_TYPES } from '../export/export-formats.js';
import { preferredFormat } from '../export/requested-format.js';
import { StatisticsExporter } from '../export/statistics-exporter.service.js';
import { eventRecordSchema, type EventRecord } from '../stored-events/event-record.js';
import { refusePaging, viewRequest } from './dto/view-request.dto.js';
import { StatisticsViewer } from './statistics-viewer.service.js';

/** The controller that shows the records of a kind. */
export function viewController(kind: CompiledKind): Type {
  const { title, viewPath } = kind.definition;
  class ViewRequest extends viewRequest(kind.definition) {}

  @ApiTags('Statistics')
  @Controller({ path: modulePaths() })
  class ViewController {
    constructor(
      private readonly viewer: StatisticsViewer,
      private readonly exporter: StatisticsExporter,
    ) {}

    @Get(viewPath)
    @Header('vary', 'accept')
    @Endpoint({
      summary: `Records: ${title} (${kind.name})`,
      description: 'Newest first.',
      answers: {
        200: {
          description: 'A page of records, or all of them as a download',
          schema: pageSchema(eventRecordSchema(kind.definition)),
          otherMediaTypes: EXPORT_MEDIA_TYPES,
        },
      },
      errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
    })
    @Access('guild')
    view(@Query() request: ViewRequest, @Req() http: FastifyRequest): Promise<Answer<EventRecord[]> | StreamableFile> {
      const format = request.format ?? preferredFormat(http.headers.accept);
      if (format === 'json') return this.viewer.view(kind, request);
      refusePaging(request, format);
      return this.exporter.export(kind, request, { format, requestId: http.id, headersOnly: http.method === 'HEAD' });
    }
  }
  return nameAfterKind(ViewController, kind.name);
}
