import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { API_KEY_ACCESS, type ApiKeyAccess } from '#libs/database';
import {
  ConstantProperty,
  SnowflakeProperty,
  TimestampProperty,
  UuidProperty,
  WordProperty,
} from '../../answers/answer-properties.js';

@ApiSchema({ name: 'ApiKey' })
export class ApiKeyAnswer {
  @UuidProperty()
  id: string;

  @SnowflakeProperty()
  guild_id: string;

  @ApiProperty()
  name: string;

  @WordProperty(API_KEY_ACCESS)
  access: ApiKeyAccess;

  @ApiProperty({ description: 'The first characters of the secret' })
  prefix: string;

  @TimestampProperty()
  created_at: string;

  @TimestampProperty({ nullable: true, description: 'Updated every few seconds. Null if the key was never used' })
  last_used_at: string | null;
}

@ApiSchema({ name: 'CreatedApiKey' })
export class CreatedApiKeyAnswer extends ApiKeyAnswer {
  @ApiProperty({ description: 'The secret. It cannot be retrieved again' })
  key: string;
}

@ApiSchema({ name: 'RevokedApiKey' })
export class RevokedApiKeyAnswer {
  @UuidProperty()
  id: string;

  @ConstantProperty(true)
  revoked: true;
}
