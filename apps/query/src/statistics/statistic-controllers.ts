import { Controller, Get, Post, type Type } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { CompiledKind, JsonValue, StatisticsContract } from '#libs/contracts';
import { eventAnswers } from '../events/event-answers.js';
import type { EventAnswer } from '../events/event-handover.service.js';
import { EventBody, Form } from '../forms/request-fields.js';
import type { Answer } from '../http/envelope.js';
import { modulePaths } from '../http/route-paths.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { pageSchema } from '../openapi/schemas.js';
import { eventRecordSchema, type EventRecord } from './event-record.js';
import { StatisticsRecorder } from './statistics-recorder.service.js';
import { StatisticsViewer } from './statistics-viewer.service.js';
import { StatisticsSummarizer } from './summary/statistics-summarizer.service.js';
import { summarySchema, type SummaryAnswer } from './summary/summary-answer.js';
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
  const reasons = botSwitch === undefined ? ['statistic_disabled'] : ['statistic_disabled', 'bot_message'];

  @ApiTags('Statistics')
  @Controller({ path: modulePaths() })
  class StatisticController {
    constructor(
      private readonly recorder: StatisticsRecorder,
      private readonly viewer: StatisticsViewer,
      private readonly summarizer: StatisticsSummarizer,
    ) {}

    @Post(recordPath)
    @Endpoint({
      access: 'guild',
      summary: `Record: ${title} (${kind.name})`,
      description: `Collected while ${kind.definition.switch} is on. Unknown fields are ignored.`,
      body: kind.schema(),
      answers: eventAnswers(reasons),
      errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
    })
    record(@EventBody() body: JsonValue): Promise<Answer<EventAnswer>> {
      return this.recorder.record(kind, body);
    }

    @Get(viewPath)
    @Endpoint({
      access: 'guild',
      summary: `Records: ${title} (${kind.name})`,
      description: 'Newest first.',
      query: documented,
      answers: { 200: { description: 'A page of records', schema: pageSchema(eventRecordSchema(kind.definition)) } },
      errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
    })
    view(@Form(form) request: ViewRequest): Promise<Answer<EventRecord[]>> {
      return this.viewer.view(kind, request);
    }

    @Get(summaryPath(viewPath))
    @Endpoint({
      access: 'guild',
      summary: `Summary: ${title} (${kind.name})`,
      description: 'What counting the records would give at that moment.',
      query: summary.documented,
      data: summarySchema(kind.definition),
      errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
    })
    summarize(@Form(summary.form) request: SummaryRequest): Promise<SummaryAnswer> {
      return this.summarizer.summarize(kind, request);
    }
  }
  // Names the operations in the API documents: Nest and Swagger take it from the class.
  Object.defineProperty(StatisticController, 'name', { value: `${pascalCase(kind.name)}Controller` });
  return StatisticController;
}

/** Beside each view lies its summary. */
function summaryPath(viewPath: string): string {
  return viewPath.replace(/view$/, 'summary');
}

function pascalCase(kindName: string): string {
  return kindName.replace(/(?:^|[._])([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
