import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { COUNT, CountProperty, SchemaProperty, SnowflakeProperty } from '../../answers/answer-properties.js';

@ApiSchema({ name: 'MemberEntries', description: 'How many entries in a guild reference the member' })
export class MemberEntries {
  @CountProperty()
  total: number;

  @SchemaProperty({ type: 'object', additionalProperties: COUNT }, { description: 'The number of records, by kind' })
  statistics: Record<string, number>;

  @CountProperty({ description: 'The number of starboard entries' })
  starboard: number;
}

@ApiSchema({ name: 'GuildMemberEntries' })
export class GuildMemberEntries extends MemberEntries {
  @SnowflakeProperty()
  guild_id: string;
}

@ApiSchema({ name: 'MemberEntriesByGuild', description: 'All guilds with entries that reference the member' })
export class MemberEntriesByGuild {
  @CountProperty()
  total: number;

  @ApiProperty({ type: [GuildMemberEntries] })
  guilds: GuildMemberEntries[];
}
