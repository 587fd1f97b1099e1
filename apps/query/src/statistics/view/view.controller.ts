import { Controller, Get, Header, Query, Req, type StreamableFile, type Type } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { CompiledKind } from '#libs/contracts';
import { Access } from '../../access/access.decorator.js';
import { page } from '../../http/envelope.dto.js';
import type { Answer } from '../../http/envelope.js';
import { requestLogIds } from '../../http/request-log-ids.js';
import { modulePaths } from '../../http/route-paths.js';
import { Endpoint } from '../../openapi/endpoint.decorator.js';
import { kindOperations, nameAfterKind } from '../../openapi/kind-operations.js';
import { EXPORT_MEDIA_TYPES } from '../export/export-formats.js';
import { preferredFormat } from '../export/requested-format.js';
import { StatisticsExporter } from '../export/statistics-exporter.service.js';
import { recordClass, type EventRecord } from '../stored-events/event-record.dto.js';
import { refusePaging, viewRequest } from './dto/view-request.dto.js';
import { StatisticsViewer } from './statistics-viewer.service.js';

/** Creates the controller that lists the records of a kind. */
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
      operationId: kindOperations(kind).list,
      summary: `Records: ${title} (${kind.name})`,
      description: 'Newest first.',
      answers: {
        200: {
          description: 'A page of records, or all of them as a download',
          content: page(recordClass(kind)),
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
      return this.exporter.export(kind, request, {
        format,
        ids: requestLogIds(http),
        headersOnly: http.method === 'HEAD',
      });
    }
  }
  return nameAfterKind(ViewController, kind);
}
