import type { ApiKey } from '#libs/database';
import type { ApiKeyAnswer } from './dto/api-key-answers.dto.js';

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
