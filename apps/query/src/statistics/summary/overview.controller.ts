import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { modulePaths } from '../../http/route-paths.js';
import { Access } from '../../access/access.decorator.js';
import { Endpoint } from '../../openapi/endpoint.decorator.js';
import { WindowRequest } from '../window/window-request.dto.js';
import { OverviewAnswer } from './dto/overview.dto.js';
import { StatisticsSummarizer } from './statistics-summarizer.service.js';

@ApiTags('Statistics')
@Controller({ path: modulePaths('stats/overview') })
export class OverviewController {
  constructor(private readonly summarizer: StatisticsSummarizer) {}

  @Get()
  @Endpoint({
    operationId: 'getOverview',
    summary: 'Count the records of every kind',
    data: OverviewAnswer,
    errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
  })
  @Access('guild')
  overview(@Query() request: WindowRequest): Promise<OverviewAnswer> {
    return this.summarizer.overview(request);
  }
}
