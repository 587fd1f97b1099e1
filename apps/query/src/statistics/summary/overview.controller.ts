import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Form } from '../../forms/form.decorator.js';
import { modulePaths } from '../../http/route-paths.js';
import { Endpoint } from '../../openapi/endpoint.decorator.js';
import { WindowForm } from '../window.form.js';
import { OverviewAnswer } from './dto/overview.dto.js';
import { StatisticsSummarizer } from './statistics-summarizer.service.js';

@ApiTags('Statistics')
@Controller({ path: modulePaths('stats/overview') })
export class OverviewController {
  constructor(private readonly summarizer: StatisticsSummarizer) {}

  @Get()
  @Endpoint({
    access: 'guild',
    operationId: 'getOverview',
    summary: 'How many records of every kind there are',
    query: WindowForm,
    data: OverviewAnswer,
    errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
  })
  overview(@Form() form: WindowForm): Promise<OverviewAnswer> {
    return this.summarizer.overview(form);
  }
}
