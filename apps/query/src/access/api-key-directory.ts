import { LRUCache } from 'lru-cache';
import { findApiKey, hashApiKeySecret, isApiKeySecret } from '#libs/api-keys';
import { type ApiKey } from '#libs/database';
import { GuildDatabase } from '../database/guild-database.js';
import { ApiKeyUses } from './api-key-uses.js';

/** How long a key that was read is believed, in milliseconds: a revoked one works no longer than that, anywhere. */
const BELIEVED_MS = 500;
/** Keys that are believed at a time: some 5 MB. */
const MAX_BELIEVED = 10_000;

interface ReadKey {
  key: ApiKey;
  /** Milliseconds of `now`, from before the key was read. */
  readAt: number;
}

interface Reading {
  startedAt: number;
  found: Promise<ReadKey | undefined>;
}

/**
 * Finds API keys by their secret. One in use costs the database a read every half second, however often it is used;
 * secrets that are wrong are not remembered, and so keep nobody out of memory.
 */
export class ApiKeyDirectory {
  private readonly believed = new LRUCache<string, ReadKey>({ max: MAX_BELIEVED });
  private readonly reading = new Map<string, Reading>();

  constructor(
    private readonly database: GuildDatabase,
    private readonly uses: ApiKeyUses,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @returns undefined for a secret that is unknown or revoked @throws ServiceUnavailableError */
  async find(secret: string): Promise<ApiKey | undefined> {
    if (!isApiKeySecret(secret)) return undefined;
    const hash = nameOf(secret);
    const found = this.fresh(hash) ?? (await this.readOnce(hash, secret));
    if (found !== undefined) this.uses.note(found.key.id);
    return found?.key;
  }

  /** Whether nobody is reading it now, and none was read a moment ago. */
  isNews(secret: string): boolean {
    const hash = nameOf(secret);
    return this.fresh(hash) === undefined && !this.reading.has(hash);
  }

  private fresh(hash: string): ReadKey | undefined {
    const believed = this.believed.get(hash);
    return believed !== undefined && this.now() - believed.readAt < BELIEVED_MS ? believed : undefined;
  }

  /** Requests that come together read together; what another began too long ago may be older than a revocation. */
  private readOnce(hash: string, secret: string): Promise<ReadKey | undefined> {
    const startedAt = this.now();
    const current = this.reading.get(hash);
    if (current !== undefined && startedAt - current.startedAt < BELIEVED_MS) return current.found;
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
      this.believed.delete(hash);
      return undefined;
    }
    const found = { key, readAt };
    // A read that began later may have come back first.
    if (readAt >= (this.believed.get(hash)?.readAt ?? readAt)) this.believed.set(hash, found);
    return found;
  }
}

/** What a secret is remembered by. */
function nameOf(secret: string): string {
  return hashApiKeySecret(secret).toString('base64');
}
