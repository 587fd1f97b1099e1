import { Body, Controller, Delete, Get, HttpCode, Post, Query, Req } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { FIELD_TYPES } from '#libs/contracts';
import { listOf } from '../answers/answer-schema.js';
import { envelope } from '../http/envelope.dto.js';
import { rootPaths } from '../http/route-paths.js';
import { Access } from '../access/access.decorator.js';
import { MemberProfiles } from '../access/member-profiles.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { PathFields } from '../requests/parameters.decorator.js';
import { CreateApiKeyRequest, ListApiKeysRequest, RevokeApiKeyRequest } from './dto/api-key-requests.dto.js';
import { ApiKeysService } from './api-keys.service.js';
import { ApiKeyAnswer, CreatedApiKeyAnswer, RevokedApiKeyAnswer } from './dto/api-key-answers.dto.js';

@ApiTags('API keys')
@Controller({ path: rootPaths('auth/api-keys') })
export class ApiKeysController {
  constructor(
    private readonly apiKeys: ApiKeysService,
    private readonly profiles: MemberProfiles,
  ) {}

  @Get()
  @Endpoint({
    operationId: 'listApiKeys',
    summary: 'List the API keys of a guild',
    description: 'Oldest first. Secrets are not stored, so the list does not have them.',
    data: listOf(ApiKeyAnswer),
  })
  @Access('manager')
  list(@Query() request: ListApiKeysRequest): Promise<ApiKeyAnswer[]> {
    return this.apiKeys.list(request.guild_id);
  }

  @Post()
  @HttpCode(201)
  @Endpoint({
    operationId: 'createApiKey',
    summary: 'Create an API key for a guild',
    description: 'Only this response contains the secret. A guild can have at most 25 keys.',
    answers: { 201: { description: 'Created', content: envelope(CreatedApiKeyAnswer) } },
    errors: ['DatabaseError'],
  })
  @Access('manager')
  create(@Body() request: CreateApiKeyRequest): Promise<CreatedApiKeyAnswer> {
    return this.apiKeys.create(request);
  }

  @Delete(':id')
  @ApiParam({ name: 'id', schema: FIELD_TYPES.uuid.schema as never, description: 'The id of the key' })
  @Endpoint({
    operationId: 'revokeApiKey',
    summary: 'Revoke an API key',
    description: 'The key stops working on every instance within one second.',
    data: RevokedApiKeyAnswer,
    errors: ['BadRequestError', 'NotFoundError', 'DatabaseError', 'DiscordApiInteractionError'],
  })
  @Access('managed_key')
  async revoke(
    @PathFields() { id }: RevokeApiKeyRequest,
    @Req() { principal }: FastifyRequest,
  ): Promise<RevokedApiKeyAnswer> {
    if (principal?.kind !== 'member') return this.apiKeys.revoke(id);
    const { managedGuilds } = await this.profiles.of(principal);
    return this.apiKeys.revoke(id, [...managedGuilds.keys()]);
  }
}
