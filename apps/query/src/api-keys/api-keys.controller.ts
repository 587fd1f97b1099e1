import { Body, Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import { FIELD_TYPES } from '#libs/contracts';
import { rootPaths } from '../http/route-paths.js';
import { Access } from '../access/access.decorator.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { objectOf, successSchema } from '../openapi/schemas.js';
import { PathFields } from '../requests/parameters.decorator.js';
import {
  API_KEY_SCHEMA,
  CREATED_API_KEY_SCHEMA,
  type ApiKeyAnswer,
  type CreatedApiKeyAnswer,
} from './api-key-answer.js';
import { CreateApiKeyRequest, ListApiKeysRequest, RevokeApiKeyRequest } from './dto/api-key-requests.dto.js';
import { ApiKeysService } from './api-keys.service.js';

@ApiTags('API keys')
@Controller({ path: rootPaths('auth/api-keys') })
export class ApiKeysController {
  constructor(private readonly apiKeys: ApiKeysService) {}

  @Get()
  @Endpoint({
    summary: 'The API keys of a guild',
    description: 'The oldest first. Their secrets are not stored.',
    data: { type: 'array', items: API_KEY_SCHEMA },
  })
  @Access('service', { guild_id: 'required' })
  list(@Query() request: ListApiKeysRequest): Promise<ApiKeyAnswer[]> {
    return this.apiKeys.list(request.guild_id);
  }

  @Post()
  @HttpCode(201)
  @Endpoint({
    summary: 'Make an API key for a guild',
    description: 'The answer holds the secret, and no other ever does. A guild may have 25 keys.',
    answers: { 201: { description: 'Made', schema: successSchema(CREATED_API_KEY_SCHEMA) } },
    errors: ['DatabaseError'],
  })
  @Access('service', { guild_id: 'required' })
  create(@Body() request: CreateApiKeyRequest): Promise<CreatedApiKeyAnswer> {
    return this.apiKeys.create(request);
  }

  @Delete(':id')
  @ApiParam({ name: 'id', schema: FIELD_TYPES.uuid.schema as never, description: 'The key' })
  @Endpoint({
    summary: 'Revoke an API key',
    description: 'Within a second, no instance takes it any more.',
    data: objectOf({ id: { type: 'string', format: 'uuid' }, revoked: { const: true } }),
    errors: ['BadRequestError', 'NotFoundError', 'DatabaseError'],
  })
  @Access('service')
  revoke(@PathFields() { id }: RevokeApiKeyRequest): Promise<{ id: string; revoked: true }> {
    return this.apiKeys.revoke(id);
  }
}
