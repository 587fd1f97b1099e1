import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { COUNT, SchemaProperty, SnowflakeProperty } from '../../answers/answer-properties.js';
import { IsSnowflake } from '../../requests/field.decorators.js';
import { snowflakeList } from '../../requests/formats.js';
import { ReadAs } from '../../requests/read-as.decorator.js';
import { RefusesUnknownFields } from '../../requests/request-dto.js';

/** The most users of a request. */
export const MAX_USERS_OF_REQUEST = 100;

@RefusesUnknownFields()
export class DirectoryRequest {
  @IsSnowflake({ description: 'The id of the guild' })
  guild_id: string;
}

@RefusesUnknownFields()
export class UserNamesRequest {
  @IsSnowflake({ description: 'The id of the guild' })
  guild_id: string;

  @ReadAs(snowflakeList(MAX_USERS_OF_REQUEST), { description: 'The ids of the users, separated by commas' })
  ids: string[];
}

@ApiSchema({ name: 'DirectoryGuild' })
export class DirectoryGuildAnswer {
  @SnowflakeProperty()
  id: string;

  @ApiProperty({ type: String, nullable: true, description: 'Null if Discord did not tell it' })
  name: string | null;

  @ApiProperty({ type: String, nullable: true, description: "The icon's hash in Discord's CDN" })
  icon: string | null;
}

@ApiSchema({ name: 'DirectoryChannel' })
export class DirectoryChannelAnswer {
  @SnowflakeProperty()
  id: string;

  @ApiProperty()
  name: string;

  @SchemaProperty(COUNT, { description: "Discord's number of the type: 0 text, 2 voice, 4 category" })
  type: number;

  @SnowflakeProperty({ nullable: true, description: 'The category' })
  parent_id: string | null;
}

@ApiSchema({ name: 'DirectoryRole' })
export class DirectoryRoleAnswer {
  @SnowflakeProperty()
  id: string;

  @ApiProperty()
  name: string;

  @SchemaProperty(COUNT, { description: '0xRRGGBB; 0 for none' })
  color: number;
}

@ApiSchema({ name: 'Directory' })
export class DirectoryAnswer {
  @ApiProperty({ type: DirectoryGuildAnswer })
  guild: DirectoryGuildAnswer;

  @ApiProperty({ type: [DirectoryChannelAnswer], description: 'Those that the bot can see. Empty without a token' })
  channels: DirectoryChannelAnswer[];

  @ApiProperty({ type: [DirectoryRoleAnswer], description: 'The highest one first. Empty without a token' })
  roles: DirectoryRoleAnswer[];
}

@ApiSchema({ name: 'UserName' })
export class UserNameAnswer {
  @SnowflakeProperty()
  id: string;

  @ApiProperty({ type: String, nullable: true, description: 'As members of the guild see it. Null if it is not known' })
  name: string | null;

  @ApiProperty({ type: String, nullable: true, description: "The avatar's hash in Discord's CDN" })
  avatar: string | null;
}
