import { createHash, timingSafeEqual } from 'node:crypto';
import type { ApiKeyDirectory } from './api-key-directory.js';
import type { GuildPrincipal } from './principal.js';

/** Tells whom a credential stands for. */
export class Credentials {
  private readonly serviceKeyDigest: Buffer;

  constructor(
    serviceKey: string,
    private readonly apiKeys: ApiKeyDirectory,
  ) {
    this.serviceKeyDigest = digest(serviceKey);
  }

  /** The digests have one length, and comparing them takes the same time wherever they differ. */
  isServiceKey(secret: string): boolean {
    return timingSafeEqual(digest(secret), this.serviceKeyDigest);
  }

  /** Whether finding out about it costs a read of the database that no other request shares. */
  isNews(secret: string): boolean {
    return this.apiKeys.isNews(secret);
  }

  /** @returns undefined for an API key that is unknown or revoked @throws ServiceUnavailableError */
  async find(secret: string): Promise<GuildPrincipal | undefined> {
    const key = await this.apiKeys.find(secret);
    if (key === undefined) return undefined;
    return { kind: 'guild', keyId: key.id, guildId: key.guildId, access: key.access };
  }
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
