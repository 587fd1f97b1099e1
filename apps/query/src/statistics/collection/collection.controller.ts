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
    summary: 'When the events of each kind were collected',
    description: 'Where a kind was not collected, that there are no records says nothing.',
    data: CollectionAnswer,
    errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
  })
  @Access('guild')
  read(@Query() request: WindowRequest): Promise<CollectionAnswer> {
    return this.collection.read(request);
  }
}
