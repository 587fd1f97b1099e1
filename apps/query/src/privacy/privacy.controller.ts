import { Controller, Delete, Get, Query, Req, type StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { oneOf, text } from '../answers/answer-schema.js';
import { requestLogIds } from '../http/request-log-ids.js';
import { modulePaths } from '../http/route-paths.js';
import { Access } from '../access/access.decorator.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { BodyOrQuery } from '../requests/parameters.decorator.js';
import { MemberRequest } from './dto/member-request.dto.js';
import { MemberExporter } from './member-exporter.service.js';
import { MemberEntries, MemberEntriesByGuild } from './dto/member-entries.dto.js';
import { PrivacyService } from './privacy.service.js';

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
    operationId: 'countMemberEntries',
    summary: 'Count the entries that reference a member',
    data: oneOf(MemberEntries, MemberEntriesByGuild),
    errors: ['ServiceUnavailableError'],
  })
  @Access('own', OF_MEMBER)
  count(@Query() { guild_id, privacy_member_id }: MemberRequest): Promise<MemberEntries | MemberEntriesByGuild> {
    if (guild_id === undefined) return this.privacy.countEverywhere(privacy_member_id);
    return this.privacy.count(guild_id, privacy_member_id);
  }

  @Delete('delete-user-entries')
  @Endpoint({
    operationId: 'eraseMember',
    summary: 'Erase a member from all stored data',
    description:
      'Records are still counted, but no longer have a user. Answers what was erased when the erasure has finished. ' +
      'After one minute, it answers DatabaseError, and the erasure continues in the background.',
    data: oneOf(MemberEntries, MemberEntriesByGuild),
    errors: ['DatabaseError'],
  })
  @Access('own', OF_MEMBER)
  erase(
    @BodyOrQuery() { guild_id, privacy_member_id }: MemberRequest,
    @Req() http: FastifyRequest,
  ): Promise<MemberEntries | MemberEntriesByGuild> {
    const ids = requestLogIds(http);
    if (guild_id === undefined) return this.privacy.eraseEverywhere(privacy_member_id, ids);
    return this.privacy.erase(guild_id, privacy_member_id, ids);
  }

  @Get('export')
  @Endpoint({
    operationId: 'exportMember',
    summary: 'Download all stored data of a member',
    description:
      'One line of JSON per record, with `guild_id` and `record`: `event` (with `kind`, and the fields of the views), ' +
      '`starboard_entry`, `count` (for days whose events have been deleted by retention) or `erasure`.',
    answers: {
      200: { description: 'All records', mediaType: 'application/x-ndjson', content: text() },
    },
    errors: ['ServiceUnavailableError'],
  })
  @Access('own', OF_MEMBER)
  export(@Query() request: MemberRequest, @Req() http: FastifyRequest): Promise<StreamableFile> {
    const { guild_id: guildId, privacy_member_id: userId } = request;
    return this.exporter.export({ userId, guildId, ids: requestLogIds(http), headersOnly: http.method === 'HEAD' });
  }
}
