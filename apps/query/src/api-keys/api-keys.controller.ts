import { Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import { FIELD_TYPES } from '#libs/contracts';
import { listOf } from '../answers/answer-schema.js';
import { Form } from '../forms/form.decorator.js';
import { pathFormReader } from '../forms/form-reader.js';
import { envelope } from '../http/envelope.dto.js';
import { rootPaths } from '../http/route-paths.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { CreateApiKeyForm, ListApiKeysForm, RevokeApiKeyForm } from './api-keys.forms.js';
import { ApiKeysService } from './api-keys.service.js';
import { ApiKeyAnswer, CreatedApiKeyAnswer, RevokedApiKeyAnswer } from './dto/api-key-answers.dto.js';

@ApiTags('API keys')
@Controller({ path: rootPaths('auth/api-keys') })
export class ApiKeysController {
  constructor(private readonly apiKeys: ApiKeysService) {}

  @Get()
  @Endpoint({
    access: 'service',
    operationId: 'listApiKeys',
    summary: 'The API keys of a guild',
    description: 'The oldest first. Their secrets are not stored.',
    query: ListApiKeysForm,
    data: listOf(ApiKeyAnswer),
  })
  list(@Form() form: ListApiKeysForm): Promise<ApiKeyAnswer[]> {
    return this.apiKeys.list(form.guild_id);
  }

  @Post()
  @HttpCode(201)
  @Endpoint({
    access: 'service',
    operationId: 'createApiKey',
    summary: 'Make an API key for a guild',
    description: 'The answer holds the secret, and no other ever does. A guild may have 25 keys.',
    body: CreateApiKeyForm,
    answers: { 201: { description: 'Made', content: envelope(CreatedApiKeyAnswer) } },
    errors: ['DatabaseError'],
  })
  create(@Form() form: CreateApiKeyForm): Promise<CreatedApiKeyAnswer> {
    return this.apiKeys.create(form);
  }

  @Delete(':id')
  @ApiParam({ name: 'id', schema: FIELD_TYPES.uuid.schema as never, description: 'The key' })
  @Endpoint({
    access: 'service',
    operationId: 'revokeApiKey',
    summary: 'Revoke an API key',
    description: 'Within a second, no instance takes it any more.',
    reads: pathFormReader(RevokeApiKeyForm),
    data: RevokedApiKeyAnswer,
    errors: ['BadRequestError', 'NotFoundError', 'DatabaseError'],
  })
  revoke(@Form() form: RevokeApiKeyForm): Promise<RevokedApiKeyAnswer> {
    return this.apiKeys.revoke(form.id);
  }
}
