import { createHash, timingSafeEqual } from 'node:crypto';
import type { ApiKeyDirectory } from './api-key-directory.js';
import type { GuildPrincipal } from './principal.js';

/** Finds the principal of a credential. */
export class Credentials {
  private readonly serviceKeyDigests: readonly Buffer[];

  constructor(
    serviceKeys: readonly string[],
    private readonly apiKeys: ApiKeyDirectory,
  ) {
    this.serviceKeyDigests = serviceKeys.map(digest);
  }

  /** Compares digests of equal length in constant time, always with every key. */
  isServiceKey(secret: string): boolean {
    const given = digest(secret);
    return this.serviceKeyDigests.map((known) => timingSafeEqual(given, known)).includes(true);
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
