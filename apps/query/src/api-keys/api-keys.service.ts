import { Injectable } from '@nestjs/common';
import { createApiKey, listApiKeys, revokeApiKey, TooManyApiKeysError } from '#libs/api-keys';
import type { ApiKey } from '#libs/database';
import { GuildDatabase } from '../database/guild-database.js';
import { BadRequestError, NotFoundError } from '../http/api-error.js';
import type { ApiKeyAnswer, CreatedApiKeyAnswer, RevokedApiKeyAnswer } from './dto/api-key-answers.dto.js';
import type { CreateApiKeyRequest } from './dto/api-key-requests.dto.js';

/** Creates, lists and revokes API keys of guilds, even if the module is disabled in the guild. */
@Injectable()
export class ApiKeysService {
  constructor(private readonly database: GuildDatabase) {}

  /** @throws BadRequestError if the guild already has the maximum number of keys */
  async create({ guild_id: guildId, name, access = 'write' }: CreateApiKeyRequest): Promise<CreatedApiKeyAnswer> {
    try {
      const { key, secret } = await this.database.change(guildId, (manager) =>
        createApiKey(manager, { guildId, name, access }),
      );
      return { ...apiKeyAnswer(key), key: secret };
    } catch (error) {
      if (!(error instanceof TooManyApiKeysError)) throw error;
      throw new BadRequestError([{ field: 'guild_id', message: error.message }]);
    }
  }

  /** Oldest first. */
  async list(guildId: string): Promise<ApiKeyAnswer[]> {
    const keys = await this.database.read((manager) => listApiKeys(manager, guildId));
    return keys.map(apiKeyAnswer);
  }

  /**
   * The key stops working on every instance within one second.
   *
   * @param guildIds the guilds whose keys may be revoked. @defaultValue all
   * @throws NotFoundError also for a key of another guild
   */
  async revoke(id: string, guildIds?: readonly string[]): Promise<RevokedApiKeyAnswer> {
    if (!(await this.database.write((manager) => revokeApiKey(manager, id, guildIds)))) {
      throw new NotFoundError('No such API key');
    }
    return { id, revoked: true };
  }
}

function apiKeyAnswer(key: ApiKey): ApiKeyAnswer {
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
