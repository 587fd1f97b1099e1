import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { modulePaths } from '../../http/route-paths.js';
import { Access } from '../../access/access.decorator.js';
import { Endpoint } from '../../openapi/endpoint.decorator.js';
import { WindowRequest } from '../window/dto/window-request.dto.js';
import { StatisticsSummarizer } from './statistics-summarizer.service.js';
import { OVERVIEW_SCHEMA, type OverviewAnswer } from './summary-answer.js';

@ApiTags('Statistics')
@Controller({ path: modulePaths('stats/overview') })
export class OverviewController {
  constructor(private readonly summarizer: StatisticsSummarizer) {}

  @Get()
  @Endpoint({
    summary: 'How many records of every kind there are',
    data: OVERVIEW_SCHEMA,
    errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
  })
  @Access('guild')
  overview(@Query() request: WindowRequest): Promise<OverviewAnswer> {
    return this.summarizer.overview(request);
  }
}
