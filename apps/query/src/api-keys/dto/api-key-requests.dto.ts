import { API_KEY_ACCESS, type ApiKeyAccess } from '#libs/database';
import { IsAnyUuid, IsLabel, IsOneOf, IsSnowflake } from '../../requests/field.decorators.js';
import { RefusesUnknownFields } from '../../requests/request-dto.js';

/** Whose keys are listed. */
@RefusesUnknownFields()
export class ListApiKeysRequest {
  @IsSnowflake({ description: 'The guild' })
  guild_id: string;
}

/** A key to be made. */
@RefusesUnknownFields()
export class CreateApiKeyRequest {
  @IsSnowflake({ description: 'The guild that the key is for' })
  guild_id: string;

  @IsLabel({ description: 'What the key is for; for people' })
  name: string;

  @IsOneOf(API_KEY_ACCESS, { optional: true, description: 'read: GET only; write when left out' })
  access?: ApiKeyAccess;
}

/** The key that the path names. */
@RefusesUnknownFields()
export class RevokeApiKeyRequest {
  @IsAnyUuid({ description: 'The key' })
  id: string;
}
