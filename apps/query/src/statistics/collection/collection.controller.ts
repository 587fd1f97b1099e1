import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { modulePaths } from '../../http/route-paths.js';
import { Access } from '../../access/access.decorator.js';
import { Endpoint } from '../../openapi/endpoint.decorator.js';
import { CollectionReader } from './collection-reader.service.js';
import { CollectionAnswer } from './dto/collection.dto.js';
import { WindowRequest } from '../window/window-request.dto.js';

@ApiTags('Statistics')
@Controller({ path: modulePaths('stats/collection') })
export class CollectionController {
  constructor(private readonly collection: CollectionReader) {}

  @Get()
  @Endpoint({
    operationId: 'getCollection',
    summary: 'Get when the events of each kind were collected',
    description: 'Outside of these periods, missing records do not mean that nothing happened.',
    data: CollectionAnswer,
    errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
  })
  @Access('guild')
  read(@Query() request: WindowRequest): Promise<CollectionAnswer> {
    return this.collection.read(request);
  }
}
