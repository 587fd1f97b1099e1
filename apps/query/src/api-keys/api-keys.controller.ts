import { Body, Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import { FIELD_TYPES } from '#libs/contracts';
import { listOf } from '../answers/answer-schema.js';
import { envelope } from '../http/envelope.dto.js';
import { rootPaths } from '../http/route-paths.js';
import { Access } from '../access/access.decorator.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { PathFields } from '../requests/parameters.decorator.js';
import { CreateApiKeyRequest, ListApiKeysRequest, RevokeApiKeyRequest } from './dto/api-key-requests.dto.js';
import { ApiKeysService } from './api-keys.service.js';
import { ApiKeyAnswer, CreatedApiKeyAnswer, RevokedApiKeyAnswer } from './dto/api-key-answers.dto.js';

@ApiTags('API keys')
@Controller({ path: rootPaths('auth/api-keys') })
export class ApiKeysController {
  constructor(private readonly apiKeys: ApiKeysService) {}

  @Get()
  @Endpoint({
    operationId: 'listApiKeys',
    summary: 'The API keys of a guild',
    description: 'The oldest first. Their secrets are not stored.',
    data: listOf(ApiKeyAnswer),
  })
  @Access('service', { guild_id: 'required' })
  list(@Query() request: ListApiKeysRequest): Promise<ApiKeyAnswer[]> {
    return this.apiKeys.list(request.guild_id);
  }

  @Post()
  @HttpCode(201)
  @Endpoint({
    operationId: 'createApiKey',
    summary: 'Make an API key for a guild',
    description: 'The answer holds the secret, and no other ever does. A guild may have 25 keys.',
    answers: { 201: { description: 'Made', content: envelope(CreatedApiKeyAnswer) } },
    errors: ['DatabaseError'],
  })
  @Access('service', { guild_id: 'required' })
  create(@Body() request: CreateApiKeyRequest): Promise<CreatedApiKeyAnswer> {
    return this.apiKeys.create(request);
  }

  @Delete(':id')
  @ApiParam({ name: 'id', schema: FIELD_TYPES.uuid.schema as never, description: 'The key' })
  @Endpoint({
    operationId: 'revokeApiKey',
    summary: 'Revoke an API key',
    description: 'Within a second, no instance takes it any more.',
    data: RevokedApiKeyAnswer,
    errors: ['BadRequestError', 'NotFoundError', 'DatabaseError'],
  })
  @Access('service')
  revoke(@PathFields() { id }: RevokeApiKeyRequest): Promise<RevokedApiKeyAnswer> {
    return this.apiKeys.revoke(id);
  }
}
