import { IsSnowflake } from '../../requests/field.decorators.js';

/** A request about a member, in one guild or in all. */
export class MemberRequest {
  @IsSnowflake({ optional: true, description: 'The id of the guild. Defaults to all guilds of the member' })
  guild_id?: string;

  @IsSnowflake({ description: 'The user id of the member' })
  privacy_member_id: string;
}
