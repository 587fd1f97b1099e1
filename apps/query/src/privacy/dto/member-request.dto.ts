import { IsSnowflake } from '../../requests/field.decorators.js';

/** A request that names a member, and maybe one guild. */
export class MemberRequest {
  @IsSnowflake({ optional: true, description: 'The guild; left out: every guild of the member' })
  guild_id?: string;

  @IsSnowflake({ description: 'The member' })
  privacy_member_id: string;
}
