import { Injectable } from '@nestjs/common';
import type { DiscordAccess } from '#libs/discord';
import { beginSession, LONGEST_SESSION_MS, makeSessionSecret, sealLogin, type SessionOrigin } from '#libs/sessions';
import { digest } from '../access/credentials.js';
import type { GuildPrincipal, ServicePrincipal } from '../access/principal.js';
import { GuildDatabase } from '../database/guild-database.js';
import { LoginConfig } from './login-config.js';

/** A new session, for its cookie. */
export interface BegunSession {
  secret: string;
  expires: Date;
}

/** Begins sessions. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly database: GuildDatabase,
    private readonly config: LoginConfig,
  ) {}

  /** @param key the key of `principal` @throws DatabaseError */
  beginWithKey(key: string, principal: ServicePrincipal | GuildPrincipal): Promise<BegunSession> {
    const isService = principal.kind === 'service';
    const origin = isService ? { serviceKeyHash: digest(key) } : { apiKeyId: principal.keyId };
    return this.begin(() => origin, new Date(Date.now() + LONGEST_SESSION_MS));
  }

  /** The session ends with Discord's token, which is not renewed. @throws DatabaseError */
  beginWithDiscord(userId: string, { accessToken, expiresAt }: DiscordAccess): Promise<BegunSession> {
    const clientSecret = this.config.clientSecret!;
    const expires = new Date(Math.min(expiresAt.getTime(), Date.now() + LONGEST_SESSION_MS));
    return this.begin(
      (sessionSecret) => ({ sealedLogin: sealLogin({ userId, accessToken }, { sessionSecret, clientSecret }) }),
      expires,
    );
  }

  private async begin(originOf: (secret: string) => SessionOrigin, expires: Date): Promise<BegunSession> {
    const secret = makeSessionSecret();
    const session = { secret, origin: originOf(secret), expiresAt: expires };
    await this.database.write((manager) => beginSession(manager, session));
    return { secret, expires };
  }
}
