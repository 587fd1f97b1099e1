import { Controller, Get, Query, type Type } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { summaryPathOf, type CompiledKind } from '#libs/contracts';
import { Access } from '../../access/access.decorator.js';
import { modulePaths } from '../../http/route-paths.js';
import { Endpoint } from '../../openapi/endpoint.decorator.js';
import { kindOperations, nameAfterKind } from '../../openapi/kind-operations.js';
import { summaryRequest } from './summary-request.dto.js';
import { StatisticsSummarizer } from './statistics-summarizer.service.js';
import { summaryClass, type SummaryAnswer } from './dto/summary.dto.js';

/** Creates the controller for summaries of a kind. */
export function summaryController(kind: CompiledKind): Type {
  const { title } = kind.definition;
  class SummaryRequest extends summaryRequest(kind.definition) {}

  @ApiTags('Statistics')
  @Controller({ path: modulePaths() })
  class SummaryController {
    constructor(private readonly summarizer: StatisticsSummarizer) {}

    @Get(summaryPathOf(kind.definition))
    @Endpoint({
      operationId: kindOperations(kind).summarize,
      summary: `Summary: ${title} (${kind.name})`,
      description: 'The summary equals the count of all individual records at the time of the request.',
      data: summaryClass(kind),
      errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
    })
    @Access('guild')
    summarize(@Query() request: SummaryRequest): Promise<SummaryAnswer> {
      return this.summarizer.summarize(kind, request);
    }
  }
  return nameAfterKind(SummaryController, kind);
}
