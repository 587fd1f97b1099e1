import { IsSnowflake } from './field.decorators.js';

/** A request that names a guild and nothing else. */
export class GuildRequest {
  @IsSnowflake({ description: 'The guild' })
  guild_id: string;
}
