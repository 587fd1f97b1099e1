import type { JsonSchema } from '#libs/contracts';
import { API_KEY_ACCESS, type ApiKey, type ApiKeyAccess } from '#libs/database';
import { ID_SCHEMA, objectOf, orNull, TIME_SCHEMA } from '../openapi/schemas.js';

/** What is answered of a key; its secret only when it is made. */
export interface ApiKeyAnswer {
  id: string;
  guild_id: string;
  name: string;
  access: ApiKeyAccess;
  /** How the secret begins. */
  prefix: string;
  created_at: string;
  last_used_at: string | null;
}

export interface CreatedApiKeyAnswer extends ApiKeyAnswer {
  /** The secret. */
  key: string;
}

const PROPERTIES: Readonly<Record<keyof ApiKeyAnswer, JsonSchema>> = {
  id: { type: 'string', format: 'uuid' },
  guild_id: ID_SCHEMA,
  name: { type: 'string' },
  access: { enum: API_KEY_ACCESS },
  prefix: { type: 'string', description: 'How the secret begins' },
  created_at: TIME_SCHEMA,
  last_used_at: { ...orNull(TIME_SCHEMA), description: 'Some seconds late' },
};

export const API_KEY_SCHEMA = objectOf(PROPERTIES);

export const CREATED_API_KEY_SCHEMA = objectOf({
  ...PROPERTIES,
  key: { type: 'string', description: 'The secret. Nobody can read it again' },
});

export function apiKeyAnswer(key: ApiKey): ApiKeyAnswer {
  return {
    id: key.id,
    guild_id: key.guildId,
    name: key.name,
    access: key.access,
    prefix: key.prefix,
    created_at: key.createdAt.toISOString(),
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
  };
}
