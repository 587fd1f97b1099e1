import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Form } from '../../forms/form.decorator.js';
import { modulePaths } from '../../http/route-paths.js';
import { Endpoint } from '../../openapi/endpoint.decorator.js';
import { WindowForm } from '../window.form.js';
import { StatisticsSummarizer } from './statistics-summarizer.service.js';
import { OVERVIEW_SCHEMA, type OverviewAnswer } from './summary-answer.js';

@ApiTags('Statistics')
@Controller({ path: modulePaths('stats/overview') })
export class OverviewController {
  constructor(private readonly summarizer: StatisticsSummarizer) {}

  @Get()
  @Endpoint({
    access: 'guild',
    summary: 'How many records of every kind there are',
    query: WindowForm,
    data: OVERVIEW_SCHEMA,
    errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
  })
  overview(@Form() form: WindowForm): Promise<OverviewAnswer> {
    return this.summarizer.overview(form);
  }
}
