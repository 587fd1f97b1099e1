import { LRUCache } from 'lru-cache';
import { findApiKey, hashApiKeySecret, isApiKeySecret, type ApiKey } from '#libs/database';
import type { GuildDatabase } from '../database/guild-database.js';
import type { ApiKeyUses } from './api-key-uses.js';

/** How long a key that was read is believed, in milliseconds: a revoked one works no longer than that, anywhere. */
const BELIEVED_MS = 500;
/** Keys that are believed at a time: some 5 MB. */
const MAX_BELIEVED = 10_000;

interface ReadKey {
  key: ApiKey;
  /** Milliseconds of `now`, from before the key was read. */
  readAt: number;
}

/**
 * Finds API keys by their secret. One in use costs the database a read every half second, however often it is used;
 * secrets that are wrong are not remembered, and so keep nobody out of memory.
 */
export class ApiKeyDirectory {
  private readonly believed = new LRUCache<string, ReadKey>({ max: MAX_BELIEVED });
  private readonly reading = new Map<string, Promise<ReadKey | undefined>>();

  constructor(
    private readonly database: GuildDatabase,
    private readonly uses: ApiKeyUses,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @returns undefined for a secret that is unknown or revoked @throws ServiceUnavailableError */
  async find(secret: string): Promise<ApiKey | undefined> {
    if (!isApiKeySecret(secret)) return undefined;
    const hash = hashApiKeySecret(secret).toString('base64');
    const believed = this.believed.get(hash);
    const isFresh = believed !== undefined && this.now() - believed.readAt < BELIEVED_MS;
    const found = isFresh ? believed : await this.readOnce(hash, secret);
    if (found !== undefined) this.uses.note(found.key.id);
    return found?.key;
  }

  /** Requests that come together read together. */
  private readOnce(hash: string, secret: string): Promise<ReadKey | undefined> {
    let reading = this.reading.get(hash);
    if (reading === undefined) {
      reading = this.read(hash, secret).finally(() => this.reading.delete(hash));
      this.reading.set(hash, reading);
    }
    return reading;
  }

  private async read(hash: string, secret: string): Promise<ReadKey | undefined> {
    const readAt = this.now();
    const key = await this.database.read((manager) => findApiKey(manager, secret));
    if (key === null) {
      this.believed.delete(hash);
      return undefined;
    }
    const found = { key, readAt };
    this.believed.set(hash, found);
    return found;
  }
}
