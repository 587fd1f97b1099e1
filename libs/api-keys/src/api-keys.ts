import { randomUUID, timingSafeEqual } from 'node:crypto';
import { In, type EntityManager } from 'typeorm';
import { ApiKey, type ApiKeyAccess } from '#libs/database';
import { hashApiKeySecret, isApiKeySecret, makeApiKeySecret, prefixOfApiKeySecret } from './api-key-secret.js';

/** The maximum number of active keys per guild. */
export const MAX_API_KEYS = 25;

export interface NewApiKey {
  guildId: string;
  /** A name that tells people what the key is for. */
  name: string;
  access: ApiKeyAccess;
}

/** The guild already has {@link MAX_API_KEYS} keys. */
export class TooManyApiKeysError extends Error {
  override readonly name = 'TooManyApiKeysError';

  constructor() {
    super(`the guild already has the maximum of ${MAX_API_KEYS} API keys; revoke one first`);
  }
}

/**
 * Creates a key. Call it under the exclusive lock of the guild's stripe, so that concurrent calls cannot exceed the
 * limit.
 *
 * @returns the key and its secret, which is not stored
 * @throws TooManyApiKeysError
 */
export async function createApiKey(
  manager: EntityManager,
  { guildId, name, access }: NewApiKey,
): Promise<{ key: ApiKey; secret: string }> {
  const keys = manager.getRepository(ApiKey);
  if ((await keys.countBy({ guildId })) >= MAX_API_KEYS) throw new TooManyApiKeysError();
  const secret = makeApiKeySecret();
  const key = keys.create({
    id: randomUUID(),
    guildId,
    name,
    access,
    prefix: prefixOfApiKeySecret(secret),
    secretHash: hashApiKeySecret(secret),
    createdAt: new Date(),
    lastUsedAt: null,
  });
  await keys.insert(key);
  return { key, secret };
}

/** Lists the keys of a guild, oldest first. */
export function listApiKeys(manager: EntityManager, guildId: string): Promise<ApiKey[]> {
  return manager.getRepository(ApiKey).find({ where: { guildId }, order: { createdAt: 'ASC', id: 'ASC' } });
}

/** Finds a key by its secret. @returns null if it is unknown or revoked */
export async function findApiKey(manager: EntityManager, secret: string): Promise<ApiKey | null> {
  if (!isApiKeySecret(secret)) return null;
  const secretHash = hashApiKeySecret(secret);
  const key = await manager.getRepository(ApiKey).findOneBy({ secretHash });
  // The index lookup is not constant-time, but its timing can only reveal the hash and not the secret.
  return key !== null && timingSafeEqual(key.secretHash, secretHash) ? key : null;
}

/** @param guildIds the guilds whose keys may be revoked. @defaultValue all @returns whether there was such a key */
export async function revokeApiKey(manager: EntityManager, id: string, guildIds?: readonly string[]): Promise<boolean> {
  const where = guildIds === undefined ? { id } : { id, guildId: In([...guildIds]) };
  return (await manager.getRepository(ApiKey).delete(where)).affected === 1;
}

/** Writes when keys were last used, in one statement. Keys that no longer exist are ignored. */
export async function writeApiKeyUses(manager: EntityManager, uses: ReadonlyMap<string, Date>): Promise<void> {
  await manager.query(
    `UPDATE api_keys k SET last_used_at = used.at
     FROM unnest($1::uuid[], $2::timestamptz[]) AS used(id, at)
     WHERE k.id = used.id AND (k.last_used_at IS NULL OR k.last_used_at < used.at)`,
    [[...uses.keys()], [...uses.values()]],
  );
}
