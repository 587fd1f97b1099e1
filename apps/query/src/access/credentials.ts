import { createHash, timingSafeEqual } from 'node:crypto';
import type { ApiKey } from '#libs/database';
import { openLogin } from '#libs/sessions';
import type { ApiKeyDirectory } from './api-key-directory.js';
import type { GuildPrincipal, Principal } from './principal.js';
import type { SessionDirectory } from './session-directory.js';

/** The session of a request. */
export interface SessionOfRequest {
  id: string;
  /** The secret in the cookie. */
  secret: string;
}

export interface CredentialsOptions {
  serviceKeys: readonly string[];
  /** Opens the logins with Discord. Undefined if that login is off. */
  clientSecret?: string;
}

/** Finds the principal of a credential. */
export class Credentials {
  private readonly serviceKeyDigests: readonly Buffer[];
  private readonly clientSecret?: string;

  constructor(
    { serviceKeys, clientSecret }: CredentialsOptions,
    private readonly apiKeys: ApiKeyDirectory,
    private readonly sessions: SessionDirectory,
  ) {
    this.serviceKeyDigests = serviceKeys.map(digest);
    this.clientSecret = clientSecret;
  }

  /** Compares digests of equal length in constant time, always with every key. */
  isServiceKey(secret: string): boolean {
    return this.isDigestOfServiceKey(digest(secret));
  }

  /** Whether {@link findKeyOwner} would start a database read. */
  isUncachedKey(secret: string): boolean {
    return this.apiKeys.isUncached(secret);
  }

  /** Whether {@link findSession} would start a database read. */
  isUncachedSession(secret: string): boolean {
    return this.sessions.isUncached(secret);
  }

  /** Finds the owner of an API key. @returns undefined if it is unknown or revoked @throws ServiceUnavailableError */
  async findKeyOwner(secret: string): Promise<GuildPrincipal | undefined> {
    const key = await this.apiKeys.find(secret);
    return key && ownerOf(key);
  }

  /**
   * Finds the owner of a session by the secret in its cookie.
   *
   * @returns undefined if there is no such session: it has ended, or the key that began it
   * @throws ServiceUnavailableError
   */
  async findSession(secret: string): Promise<{ principal: Principal; session: SessionOfRequest } | undefined> {
    const found = await this.sessions.find(secret);
    if (found === undefined || found.session.expiresAt.getTime() <= Date.now()) return undefined;
    const { id, serviceKeyHash, sealedLogin } = found.session;
    const session = { id, secret };
    if (found.apiKey !== null) return { principal: ownerOf(found.apiKey), session };
    if (serviceKeyHash !== null) {
      return this.isDigestOfServiceKey(serviceKeyHash) ? { principal: { kind: 'service' }, session } : undefined;
    }
    const { clientSecret } = this;
    if (sealedLogin === null || clientSecret === undefined) return undefined;
    const login = openLogin(sealedLogin, { sessionSecret: secret, clientSecret });
    return login && { principal: { kind: 'member', sessionId: id, ...login }, session };
  }

  private isDigestOfServiceKey(given: Buffer): boolean {
    return this.serviceKeyDigests.map((known) => timingSafeEqual(given, known)).includes(true);
  }
}

function ownerOf(key: ApiKey): GuildPrincipal {
  return { kind: 'guild', keyId: key.id, guildId: key.guildId, access: key.access };
}

/** SHA-256. Of a service key, it is stored with the sessions that the key begins. */
export function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
