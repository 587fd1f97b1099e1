import { IsSnowflake } from './field.decorators.js';

/** A request with only a guild. */
export class GuildRequest {
  @IsSnowflake({ description: 'The id of the guild' })
  guild_id: string;
}
