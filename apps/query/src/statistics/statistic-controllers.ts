import { Controller, Get, Header, Post, Req, type StreamableFile, type Type } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { identifierOf, type CompiledKind, type StatisticFields, type StatisticsContract } from '#libs/contracts';
import { eventAnswers } from '../events/event-answers.js';
import { DeclinedBotStatistic, DeclinedStatistic, type EventAnswer } from '../events/dto/event-answers.dto.js';
import { statisticReader } from '../events/event-reader.js';
import { formReader } from '../forms/form-reader.js';
import { Form } from '../forms/form.decorator.js';
import type { Answer } from '../http/envelope.js';
import { page } from '../http/envelope.dto.js';
import { modulePaths } from '../http/route-paths.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { recordClass, type EventRecord } from './dto/event-record.dto.js';
import { EXPORT_MEDIA_TYPES } from './export/export-formats.js';
import { preferredFormat } from './export/requested-format.js';
import { StatisticsExporter } from './export/statistics-exporter.service.js';
import { StatisticsRecorder } from './statistics-recorder.service.js';
import { StatisticsViewer } from './statistics-viewer.service.js';
import { summaryClass, type SummaryAnswer } from './summary/dto/summary.dto.js';
import { StatisticsSummarizer } from './summary/statistics-summarizer.service.js';
import { summaryForm, type SummaryRequest } from './summary/summary.form.js';
import { viewForm, type ViewRequest } from './view.form.js';

/** One controller a kind of the catalogue, in its order. */
export function statisticControllers(contract: StatisticsContract): Type[] {
  return contract.kinds.map(statisticController);
}

function statisticController(kind: CompiledKind): Type {
  const { title, recordPath, viewPath, botSwitch } = kind.definition;
  const { form, documented } = viewForm(kind.definition);
  const summary = summaryForm(kind.definition);
  const declined = botSwitch === undefined ? DeclinedStatistic : DeclinedBotStatistic;
  const operations = operationIds(kind);

  @ApiTags('Statistics')
  @Controller({ path: modulePaths() })
  class StatisticController {
    constructor(
      private readonly recorder: StatisticsRecorder,
      private readonly viewer: StatisticsViewer,
      private readonly summarizer: StatisticsSummarizer,
      private readonly exporter: StatisticsExporter,
    ) {}

    @Post(recordPath)
    @Endpoint({
      access: 'guild',
      operationId: operations.record,
      summary: `Record: ${title} (${kind.name})`,
      description: `Collected while ${kind.definition.switch} is on. Unknown fields are ignored.`,
      body: kind.schema(),
      reads: statisticReader(kind),
      answers: eventAnswers(declined),
      errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
    })
    record(@Form() fields: StatisticFields): Promise<Answer<EventAnswer>> {
      return this.recorder.record(kind, fields);
    }

    @Get(viewPath)
    @Header('vary', 'accept')
    @Endpoint({
      access: 'guild',
      operationId: operations.list,
      summary: `Records: ${title} (${kind.name})`,
      description: 'Newest first.',
      query: documented,
      reads: formReader(form),
      answers: {
        200: {
          description: 'A page of records, or all of them as a download',
          content: page(recordClass(kind)),
          otherMediaTypes: EXPORT_MEDIA_TYPES,
        },
      },
      errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
    })
    view(@Form() request: ViewRequest, @Req() http: FastifyRequest): Promise<Answer<EventRecord[]> | StreamableFile> {
      const format = request.format ?? preferredFormat(http.headers.accept);
      if (format === 'json') return this.viewer.view(kind, request);
      return this.exporter.export(kind, request, { format, requestId: http.id, headersOnly: http.method === 'HEAD' });
    }

    @Get(summaryPath(viewPath))
    @Endpoint({
      access: 'guild',
      operationId: operations.summarize,
      summary: `Summary: ${title} (${kind.name})`,
      description: 'What counting the records would give at that moment.',
      query: summary.documented,
      reads: formReader(summary.form),
      data: summaryClass(kind),
      errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
    })
    summarize(@Form() request: SummaryRequest): Promise<SummaryAnswer> {
      return this.summarizer.summarize(kind, request);
    }
  }
  // Nest's logs and errors show it.
  Object.defineProperty(StatisticController, 'name', { value: `${identifierOf(kind.name)}Controller` });
  return StatisticController;
}

/** Beside each view lies its summary. */
function summaryPath(viewPath: string): string {
  return viewPath.replace(/view$/, 'summary');
}

/** Such as `recordMessage`, `listMessages` and `summarizeMessages`. */
function operationIds({ name, definition: { noun } }: CompiledKind): Record<'record' | 'list' | 'summarize', string> {
  const one = identifierOf(noun ?? name);
  const many = noun === undefined ? `${one}Records` : `${one}s`;
  return { record: `record${one}`, list: `list${many}`, summarize: `summarize${many}` };
}
