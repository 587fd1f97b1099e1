import { Injectable } from '@nestjs/common';
import { findMemberGuilds } from '#libs/erasure';
import { GuildDatabase } from '../database/guild-database.js';
import { ServiceUnavailableError } from '../http/api-error.js';

/** Guilds that one statement looks at: each costs a look into every partition of the events. */
const PORTION = 200;
const STATEMENT_TIMEOUT_MS = 10_000;
/** What looking through all guilds may take. */
const LONGEST_SEARCH_MS = 40_000;

/** In which guilds something refers to a member. */
@Injectable()
export class MemberGuilds {
  constructor(private readonly database: GuildDatabase) {}

  /**
   * Each as soon as it is found, by id.
   *
   * @param until by `performance.now()`
   * @throws ServiceUnavailableError when a portion of the guilds cannot be read, or the time is over
   */
  async *of(userId: string, until = Infinity): AsyncGenerator<string, void> {
    let after: string | undefined;
    do {
      if (performance.now() > until) {
        throw new ServiceUnavailableError('Finding the guilds of the member takes too long; name them one by one', {});
      }
      const from: string | undefined = after;
      const { guildIds, next } = await this.database.readPart('search', (manager) =>
        manager.transaction(async (transaction) => {
          await transaction.query(`SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`);
          return findMemberGuilds(transaction, userId, from, PORTION);
        }),
      );
      yield* guildIds;
      after = next;
    } while (after !== undefined);
  }

  /** All of them. @throws ServiceUnavailableError when that takes too long, too */
  async all(userId: string): Promise<string[]> {
    const guildIds: string[] = [];
    for await (const guildId of this.of(userId, performance.now() + LONGEST_SEARCH_MS)) guildIds.push(guildId);
    return guildIds;
  }
}
