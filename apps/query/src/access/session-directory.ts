import { Injectable } from '@nestjs/common';
import { endSession, findSession, hashSessionSecret, isSessionSecret, type FoundSession } from '#libs/sessions';
import { GuildDatabase } from '../database/guild-database.js';
import { ApiKeyUses } from './api-key-uses.js';
import { CREDENTIAL_CACHE } from './credential-cache.js';
import { RecentReads } from '../caching/recent-reads.js';

/** Finds sessions by the secret in their cookie. */
@Injectable()
export class SessionDirectory {
  private readonly sessions = new RecentReads<FoundSession>(CREDENTIAL_CACHE);

  constructor(
    private readonly database: GuildDatabase,
    private readonly uses: ApiKeyUses,
  ) {}

  /** @returns undefined for a secret that is unknown, or whose session has ended @throws ServiceUnavailableError */
  async find(secret: string): Promise<FoundSession | undefined> {
    if (!isSessionSecret(secret)) return undefined;
    const read = async () => (await this.database.read((manager) => findSession(manager, secret))) ?? undefined;
    const found = await this.sessions.find(cacheKeyOf(secret), read);
    if (found?.apiKey) this.uses.note(found.apiKey.id);
    return found;
  }

  /** Whether {@link find} would start a database read. */
  isUncached(secret: string): boolean {
    return this.sessions.isUncached(cacheKeyOf(secret));
  }

  /** Ends a session on every instance within a second, and here at once. @throws DatabaseError */
  async end(session: { id: string; secret: string }): Promise<void> {
    await this.database.write((manager) => endSession(manager, session.id));
    this.sessions.forget(cacheKeyOf(session.secret));
  }
}

function cacheKeyOf(secret: string): string {
  return hashSessionSecret(secret).toString('base64');
}
