import { Controller, Delete, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { FIELD_TYPES, type JsonSchema } from '#libs/contracts';
import { Field } from '../forms/form-field.js';
import { GuildForm } from '../forms/guild.form.js';
import { Form } from '../forms/form.decorator.js';
import { modulePaths } from '../http/route-paths.js';
import { Endpoint } from '../openapi/endpoint.decorator.js';
import { objectOf } from '../openapi/schemas.js';
import { PrivacyService, type MemberEntries } from './privacy.service.js';

export class MemberForm extends GuildForm {
  @Field(FIELD_TYPES.snowflake, { description: 'The member' })
  privacy_member_id: string;
}

const COUNT: JsonSchema = { type: 'integer', minimum: 0 };
const ENTRIES_SCHEMA = objectOf({
  total: COUNT,
  statistics: { type: 'object', additionalProperties: COUNT, description: 'By the name of every kind' },
  starboard: COUNT,
});

@ApiTags('Privacy')
@Controller({ path: modulePaths('privacy') })
export class PrivacyController {
  constructor(private readonly privacy: PrivacyService) {}

  @Get('get-user-entries')
  @Endpoint({
    access: 'service',
    summary: 'How many entries name a member of a guild',
    query: MemberForm,
    data: ENTRIES_SCHEMA,
    errors: ['ServiceUnavailableError'],
  })
  count(@Form() form: MemberForm): Promise<MemberEntries> {
    return this.privacy.count(form.guild_id, form.privacy_member_id);
  }

  @Delete('delete-user-entries')
  @Endpoint({
    access: 'service',
    summary: 'Take a member of a guild out of everything that is stored',
    description: 'Records keep counting, but bear no user. Answers what was erased.',
    bodyOrQuery: MemberForm,
    data: ENTRIES_SCHEMA,
    errors: ['DatabaseError'],
  })
  erase(@Form() form: MemberForm): Promise<MemberEntries> {
    return this.privacy.erase(form.guild_id, form.privacy_member_id);
  }
}
