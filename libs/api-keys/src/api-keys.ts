import { randomUUID, timingSafeEqual } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { ApiKey, type ApiKeyAccess } from '#libs/database';
import { hashApiKeySecret, isApiKeySecret, makeApiKeySecret, prefixOfApiKeySecret } from './api-key-secret.js';

/** A guild has at most this many keys that are not revoked. */
export const MAX_API_KEYS = 25;

export interface NewApiKey {
  guildId: string;
  /** For people: what the key is for. */
  name: string;
  access: ApiKeyAccess;
}

/** The guild has as many keys as it may have. */
export class TooManyApiKeysError extends Error {
  override readonly name = 'TooManyApiKeysError';

  constructor() {
    super(`the guild has ${MAX_API_KEYS} keys already: revoke one first`);
  }
}

/**
 * Makes a key. Call it under the exclusive lock of the guild's stripe, so that two at a time do not both make the last.
 *
 * @returns the key, and its secret, which nobody can read again
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

/** The keys of a guild, the oldest first. */
export function listApiKeys(manager: EntityManager, guildId: string): Promise<ApiKey[]> {
  return manager.getRepository(ApiKey).find({ where: { guildId }, order: { createdAt: 'ASC', id: 'ASC' } });
}

/** Whose secret this is; null for one that is unknown or revoked. */
export async function findApiKey(manager: EntityManager, secret: string): Promise<ApiKey | null> {
  if (!isApiKeySecret(secret)) return null;
  const secretHash = hashApiKeySecret(secret);
  const key = await manager.getRepository(ApiKey).findOneBy({ secretHash });
  // The index has compared the hashes already, in a time that tells of the hash at most, and never of the secret.
  return key !== null && timingSafeEqual(key.secretHash, secretHash) ? key : null;
}

/** @returns whether there was such a key */
export async function revokeApiKey(manager: EntityManager, id: string): Promise<boolean> {
  return (await manager.getRepository(ApiKey).delete({ id })).affected === 1;
}

/** Writes when keys were last used, in one statement. Keys that are gone meanwhile are left out. */
export async function writeApiKeyUses(manager: EntityManager, uses: ReadonlyMap<string, Date>): Promise<void> {
  await manager.query(
    `UPDATE api_keys k SET last_used_at = used.at
     FROM unnest($1::uuid[], $2::timestamptz[]) AS used(id, at)
     WHERE k.id = used.id AND (k.last_used_at IS NULL OR k.last_used_at < used.at)`,
    [[...uses.keys()], [...uses.values()]],
  );
}
