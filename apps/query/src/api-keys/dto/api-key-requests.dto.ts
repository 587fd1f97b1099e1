import { API_KEY_ACCESS, type ApiKeyAccess } from '#libs/database';
import { IsAnyUuid, IsLabel, IsOneOf, IsSnowflake } from '../../requests/field.decorators.js';
import { RefusesUnknownFields } from '../../requests/request-dto.js';

@RefusesUnknownFields()
export class ListApiKeysRequest {
  @IsSnowflake({ description: 'The id of the guild' })
  guild_id: string;
}

@RefusesUnknownFields()
export class CreateApiKeyRequest {
  @IsSnowflake({ description: 'The id of the guild that the key is for' })
  guild_id: string;

  @IsLabel({ description: 'A name that tells people what the key is for' })
  name: string;

  @IsOneOf(API_KEY_ACCESS, { optional: true, description: 'read: only GET requests. Defaults to write' })
  access?: ApiKeyAccess;
}

/** The path parameters. */
@RefusesUnknownFields()
export class RevokeApiKeyRequest {
  @IsAnyUuid({ description: 'The id of the key' })
  id: string;
}
