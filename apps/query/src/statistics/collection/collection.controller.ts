import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Form } from '../../forms/form.decorator.js';
import { modulePaths } from '../../http/route-paths.js';
import { Endpoint } from '../../openapi/endpoint.decorator.js';
import { CollectionReader } from './collection-reader.service.js';
import { CollectionAnswer } from './dto/collection.dto.js';
import { WindowForm } from '../window.form.js';

@ApiTags('Statistics')
@Controller({ path: modulePaths('stats/collection') })
export class CollectionController {
  constructor(private readonly collection: CollectionReader) {}

  @Get()
  @Endpoint({
    access: 'guild',
    operationId: 'getCollection',
    summary: 'When the events of each kind were collected',
    description: 'Where a kind was not collected, that there are no records says nothing.',
    query: WindowForm,
    data: CollectionAnswer,
    errors: ['ModuleDisabledError', 'SettingsError', 'ServiceUnavailableError'],
  })
  read(@Form() form: WindowForm): Promise<CollectionAnswer> {
    return this.collection.read(form);
  }
}
