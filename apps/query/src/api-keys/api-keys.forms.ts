import { FIELD_TYPES } from '#libs/contracts';
import { API_KEY_ACCESS, type ApiKeyAccess } from '#libs/database';
import { Field, RefusesUnknownFields } from '../forms/form-field.js';
import { oneOf } from '../forms/formats.js';

/** Whose keys are listed. */
@RefusesUnknownFields()
export class ListApiKeysForm {
  @Field(FIELD_TYPES.snowflake, { description: 'The guild' })
  guild_id: string;
}

/** A key to be made. */
@RefusesUnknownFields()
export class CreateApiKeyForm {
  @Field(FIELD_TYPES.snowflake, { description: 'The guild that the key is for' })
  guild_id: string;

  @Field(FIELD_TYPES.text, { description: 'What the key is for; for people' })
  name: string;

  @Field(oneOf(API_KEY_ACCESS), { required: false, description: 'read: GET only; write when left out' })
  access?: ApiKeyAccess;
}

/** The key that the path names. */
@RefusesUnknownFields()
export class RevokeApiKeyForm {
  @Field(FIELD_TYPES.uuid, { description: 'The key' })
  id: string;
}
