import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../../access/access.decorator.js';
import { modulePaths } from '../../http/route-paths.js';
import { Endpoint } from '../../openapi/endpoint.decorator.js';
import { GaugesAnswer } from './dto/gauges.dto.js';
import { GaugesReader, MAX_BUCKETS } from './gauges-reader.service.js';
import { GaugesRequest } from './gauges-request.dto.js';

@ApiTags('Statistics')
@Controller({ path: modulePaths('stats/gauges') })
export class GaugesController {
  constructor(private readonly gauges: GaugesReader) {}

  @Get()
  @Endpoint({
    operationId: 'getGauges',
    summary: 'Get the counts of a guild over time',
    description:
      'From the newest `guild.snapshot` of each quarter of an hour. A bucket without a snapshot is null. The window ' +
      `may reach back as far as snapshots are kept; all gauges together have at most ${MAX_BUCKETS} buckets.`,
    data: GaugesAnswer,
    errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
  })
  @Access('guild')
  read(@Query() request: GaugesRequest): Promise<GaugesAnswer> {
    return this.gauges.read(request);
  }
}
