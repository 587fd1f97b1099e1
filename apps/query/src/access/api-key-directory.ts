import { findApiKey, hashApiKeySecret, isApiKeySecret } from '#libs/api-keys';
import { type ApiKey } from '#libs/database';
import { GuildDatabase } from '../database/guild-database.js';
import { ApiKeyUses } from './api-key-uses.js';
import { CREDENTIAL_CACHE } from './credential-cache.js';
import { RecentReads } from '../caching/recent-reads.js';

/** Finds API keys by their secret. */
export class ApiKeyDirectory {
  private readonly keys: RecentReads<ApiKey>;

  constructor(
    private readonly database: GuildDatabase,
    private readonly uses: ApiKeyUses,
    now?: () => number,
  ) {
    this.keys = new RecentReads({ ...CREDENTIAL_CACHE, now });
  }

  /** @returns undefined for a secret that is unknown or revoked @throws ServiceUnavailableError */
  async find(secret: string): Promise<ApiKey | undefined> {
    if (!isApiKeySecret(secret)) return undefined;
    const read = async () => (await this.database.read((manager) => findApiKey(manager, secret))) ?? undefined;
    const key = await this.keys.find(cacheKeyOf(secret), read);
    if (key !== undefined) this.uses.note(key.id);
    return key;
  }

  /** Whether {@link find} would start a database read: the secret is neither cached nor being read. */
  isUncached(secret: string): boolean {
    return this.keys.isUncached(cacheKeyOf(secret));
  }
}

function cacheKeyOf(secret: string): string {
  return hashApiKeySecret(secret).toString('base64');
}
