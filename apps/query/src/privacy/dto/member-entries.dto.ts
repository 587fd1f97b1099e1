import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { COUNT, CountProperty, SchemaProperty, SnowflakeProperty } from '../../answers/answer-properties.js';

@ApiSchema({ name: 'MemberEntries', description: 'How many entries of a guild refer to the member' })
export class MemberEntries {
  @CountProperty()
  total: number;

  @SchemaProperty(
    { type: 'object', additionalProperties: COUNT },
    { description: 'Records, by the name of every kind' },
  )
  statistics: Record<string, number>;

  @CountProperty({ description: 'Entries of the starboard' })
  starboard: number;
}

@ApiSchema({ name: 'GuildMemberEntries' })
export class GuildMemberEntries extends MemberEntries {
  @SnowflakeProperty()
  guild_id: string;
}

@ApiSchema({ name: 'MemberEntriesByGuild', description: 'Every guild in which something refers to the member' })
export class MemberEntriesByGuild {
  @CountProperty()
  total: number;

  @ApiProperty({ type: [GuildMemberEntries] })
  guilds: GuildMemberEntries[];
}
