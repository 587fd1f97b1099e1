import { FIELD_TYPES } from '#libs/contracts';
import { Field } from './form-field.js';

/** A request that names a guild and nothing else. */
export class GuildForm {
  @Field(FIELD_TYPES.snowflake, { description: 'The guild' })
  guild_id: string;
}
