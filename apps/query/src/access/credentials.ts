import { createHash, timingSafeEqual } from 'node:crypto';
import type { ApiKeyDirectory } from './api-key-directory.js';
import type { GuildPrincipal } from './principal.js';

/** Finds the principal of a credential. */
export class Credentials {
  private readonly serviceKeyDigest: Buffer;

  constructor(
    serviceKey: string,
    private readonly apiKeys: ApiKeyDirectory,
  ) {
    this.serviceKeyDigest = digest(serviceKey);
  }

  /** Compares digests of equal length in constant time. */
  isServiceKey(secret: string): boolean {
    return timingSafeEqual(digest(secret), this.serviceKeyDigest);
  }

  /** Whether {@link find} would start a database read. */
  isUncached(secret: string): boolean {
    return this.apiKeys.isUncached(secret);
  }

  /** Finds the owner of an API key. @returns undefined if it is unknown or revoked @throws ServiceUnavailableError */
  async find(secret: string): Promise<GuildPrincipal | undefined> {
    const key = await this.apiKeys.find(secret);
    if (key === undefined) return undefined;
    return { kind: 'guild', keyId: key.id, guildId: key.guildId, access: key.access };
  }
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
