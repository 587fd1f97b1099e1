import { LRUCache } from 'lru-cache';
import { findApiKey, hashApiKeySecret, isApiKeySecret } from '#libs/api-keys';
import { type ApiKey } from '#libs/database';
import { GuildDatabase } from '../database/guild-database.js';
import { ApiKeyUses } from './api-key-uses.js';

/** How long a key is cached, in milliseconds. A revoked key keeps working for at most this long, on any instance. */
const CACHED_MS = 500;
/** About 5 MB. */
const MAX_CACHED_KEYS = 10_000;

interface ReadKey {
  key: ApiKey;
  /** When the read started, by `now`. */
  readAt: number;
}

interface PendingRead {
  startedAt: number;
  found: Promise<ReadKey | undefined>;
}

/**
 * Finds API keys by their secret, with a short-lived cache: a key in use costs one database read every half second.
 * Unknown secrets are not cached, so an attacker cannot fill the cache with them.
 */
export class ApiKeyDirectory {
  private readonly cached = new LRUCache<string, ReadKey>({ max: MAX_CACHED_KEYS });
  private readonly reading = new Map<string, PendingRead>();

  constructor(
    private readonly database: GuildDatabase,
    private readonly uses: ApiKeyUses,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @returns undefined for a secret that is unknown or revoked @throws ServiceUnavailableError */
  async find(secret: string): Promise<ApiKey | undefined> {
    if (!isApiKeySecret(secret)) return undefined;
    const hash = cacheKeyOf(secret);
    const found = this.fresh(hash) ?? (await this.readOnce(hash, secret));
    if (found !== undefined) this.uses.note(found.key.id);
    return found?.key;
  }

  /** Whether {@link find} would start a database read: the secret is neither cached nor being read. */
  isUncached(secret: string): boolean {
    const hash = cacheKeyOf(secret);
    return this.fresh(hash) === undefined && !this.reading.has(hash);
  }

  private fresh(hash: string): ReadKey | undefined {
    const cached = this.cached.get(hash);
    return cached !== undefined && this.now() - cached.readAt < CACHED_MS ? cached : undefined;
  }

  /** Concurrent requests share a read, unless it started so long ago that it may predate a revocation. */
  private readOnce(hash: string, secret: string): Promise<ReadKey | undefined> {
    const startedAt = this.now();
    const current = this.reading.get(hash);
    if (current !== undefined && startedAt - current.startedAt < CACHED_MS) return current.found;
    const reading = { startedAt, found: this.read(hash, secret, startedAt) };
    this.reading.set(hash, reading);
    const forget = () => {
      if (this.reading.get(hash) === reading) this.reading.delete(hash);
    };
    reading.found.then(forget, forget);
    return reading.found;
  }

  private async read(hash: string, secret: string, readAt: number): Promise<ReadKey | undefined> {
    const key = await this.database.read((manager) => findApiKey(manager, secret));
    if (key === null) {
      this.cached.delete(hash);
      return undefined;
    }
    const found = { key, readAt };
    // A read that started later may have finished first.
    if (readAt >= (this.cached.get(hash)?.readAt ?? readAt)) this.cached.set(hash, found);
    return found;
  }
}

function cacheKeyOf(secret: string): string {
  return hashApiKeySecret(secret).toString('base64');
}
