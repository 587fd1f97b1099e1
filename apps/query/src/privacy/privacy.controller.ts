import { Controller, Delete, Get, Req, type StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { FIELD_TYPES } from '#libs/contracts';
import { oneOf, text } from '../answers/answer-schema.js';
import { Field } from '../forms/form-field.js';
import { Form } from '../forms/form.decorator.js';
import { modulePaths } from '../http/route-paths.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { MemberExporter } from './member-exporter.service.js';
import { MemberEntries, MemberEntriesByGuild } from './dto/member-entries.dto.js';
import { PrivacyService } from './privacy.service.js';

export class MemberForm {
  @Field(FIELD_TYPES.snowflake, { required: false, description: 'The guild; left out: every guild of the member' })
  guild_id?: string;

  @Field(FIELD_TYPES.snowflake, { description: 'The member' })
  privacy_member_id: string;
}

@ApiTags('Privacy')
@Controller({ path: modulePaths('privacy') })
export class PrivacyController {
  constructor(
    private readonly privacy: PrivacyService,
    private readonly exporter: MemberExporter,
  ) {}

  @Get('get-user-entries')
  @Endpoint({
    access: 'service',
    operationId: 'countMemberEntries',
    summary: 'How many entries name a member',
    query: MemberForm,
    data: oneOf(MemberEntries, MemberEntriesByGuild),
    errors: ['ServiceUnavailableError'],
  })
  count(@Form() { guild_id, privacy_member_id }: MemberForm): Promise<MemberEntries | MemberEntriesByGuild> {
    if (guild_id === undefined) return this.privacy.countEverywhere(privacy_member_id);
    return this.privacy.count(guild_id, privacy_member_id);
  }

  @Delete('delete-user-entries')
  @Endpoint({
    access: 'service',
    operationId: 'eraseMember',
    summary: 'Take a member out of everything that is stored',
    description:
      'Records keep counting, but bear no user. Answers what was erased when all is, or after a minute that it goes on.',
    bodyOrQuery: MemberForm,
    data: oneOf(MemberEntries, MemberEntriesByGuild),
    errors: ['DatabaseError'],
  })
  erase(@Form() { guild_id, privacy_member_id }: MemberForm): Promise<MemberEntries | MemberEntriesByGuild> {
    if (guild_id === undefined) return this.privacy.eraseEverywhere(privacy_member_id);
    return this.privacy.erase(guild_id, privacy_member_id);
  }

  @Get('export')
  @Endpoint({
    access: 'service',
    operationId: 'exportMember',
    summary: 'All that is stored of a member, as a download',
    description:
      'A line of JSON for each record, with `guild_id` and `record`: `event` (with `kind`, as the views show it), ' +
      '`starboard_entry`, `count` (of days whose events are gone), `erasure`.',
    query: MemberForm,
    answers: {
      200: { description: 'All records', mediaType: 'application/x-ndjson', content: text() },
    },
    errors: ['ServiceUnavailableError'],
  })
  export(@Form() form: MemberForm, @Req() http: FastifyRequest): Promise<StreamableFile> {
    const { guild_id: guildId, privacy_member_id: userId } = form;
    return this.exporter.export({ userId, guildId, requestId: http.id, headersOnly: http.method === 'HEAD' });
  }
}
