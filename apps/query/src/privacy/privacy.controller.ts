import { Controller, Delete, Get, Query, Req, type StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { JsonSchema } from '#libs/contracts';
import { modulePaths } from '../http/route-paths.js';
import { Access } from '../access/access.decorator.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { ID_SCHEMA, objectOf } from '../openapi/schemas.js';
import { BodyOrQuery } from '../requests/parameters.decorator.js';
import { MemberRequest } from './dto/member-request.dto.js';
import { MemberExporter } from './member-exporter.service.js';
import { PrivacyService, type MemberEntries, type MemberEntriesByGuild } from './privacy.service.js';

const COUNT: JsonSchema = { type: 'integer', minimum: 0 };
const ENTRIES = {
  total: COUNT,
  statistics: { type: 'object', additionalProperties: COUNT, description: 'By the name of every kind' },
  starboard: COUNT,
} as const satisfies Record<string, JsonSchema>;
const ENTRIES_SCHEMA: JsonSchema = {
  oneOf: [
    { ...objectOf(ENTRIES), description: 'Of the guild' },
    {
      ...objectOf({ total: COUNT, guilds: { type: 'array', items: objectOf({ guild_id: ID_SCHEMA, ...ENTRIES }) } }),
      description: 'Of every guild in which something refers to the member, where no guild is named',
    },
  ],
};

const OF_MEMBER = { guild_id: 'optional', privacy_member_id: 'required' } as const;

@ApiTags('Privacy')
@Controller({ path: modulePaths('privacy') })
export class PrivacyController {
  constructor(
    private readonly privacy: PrivacyService,
    private readonly exporter: MemberExporter,
  ) {}

  @Get('get-user-entries')
  @Endpoint({
    summary: 'How many entries name a member',
    data: ENTRIES_SCHEMA,
    errors: ['ServiceUnavailableError'],
  })
  @Access('service', OF_MEMBER)
  count(@Query() { guild_id, privacy_member_id }: MemberRequest): Promise<MemberEntries | MemberEntriesByGuild> {
    if (guild_id === undefined) return this.privacy.countEverywhere(privacy_member_id);
    return this.privacy.count(guild_id, privacy_member_id);
  }

  @Delete('delete-user-entries')
  @Endpoint({
    summary: 'Take a member out of everything that is stored',
    description:
      'Records keep counting, but bear no user. Answers what was erased when all is, or after a minute that it goes on.',
    data: ENTRIES_SCHEMA,
    errors: ['DatabaseError'],
  })
  @Access('service', OF_MEMBER)
  erase(@BodyOrQuery() { guild_id, privacy_member_id }: MemberRequest): Promise<MemberEntries | MemberEntriesByGuild> {
    if (guild_id === undefined) return this.privacy.eraseEverywhere(privacy_member_id);
    return this.privacy.erase(guild_id, privacy_member_id);
  }

  @Get('export')
  @Endpoint({
    summary: 'All that is stored of a member, as a download',
    description:
      'A line of JSON for each record, with `guild_id` and `record`: `event` (with `kind`, as the views show it), ' +
      '`starboard_entry`, `count` (of days whose events are gone), `erasure`.',
    answers: {
      200: { description: 'All records', mediaType: 'application/x-ndjson', schema: { type: 'string' } },
    },
    errors: ['ServiceUnavailableError'],
  })
  @Access('service', OF_MEMBER)
  export(@Query() request: MemberRequest, @Req() http: FastifyRequest): Promise<StreamableFile> {
    const { guild_id: guildId, privacy_member_id: userId } = request;
    return this.exporter.export({ userId, guildId, requestId: http.id, headersOnly: http.method === 'HEAD' });
  }
}
