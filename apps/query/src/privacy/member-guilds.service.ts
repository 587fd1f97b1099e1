import { Injectable } from '@nestjs/common';
import { findMemberGuilds } from '#libs/erasure';
import { GuildDatabase } from '../database/guild-database.js';
import { ServiceUnavailableError } from '../http/api-error.js';

/** Guilds per statement. Each guild costs an index lookup in every partition of the events. */
const PORTION = 200;
const STATEMENT_TIMEOUT_MS = 10_000;
/** The maximum time to search all guilds. */
const LONGEST_SEARCH_MS = 40_000;

/** Finds the guilds whose data references a member. */
@Injectable()
export class MemberGuilds {
  constructor(private readonly database: GuildDatabase) {}

  /**
   * Yields the guilds as they are found, ordered by id.
   *
   * @param until deadline, by `performance.now()`
   * @throws ServiceUnavailableError if the guilds cannot be read, or the deadline has passed
   */
  async *of(userId: string, until = Infinity): AsyncGenerator<string, void> {
    let after: string | undefined;
    do {
      if (performance.now() > until) {
        throw new ServiceUnavailableError(
          'Searching all guilds for the member took too long. Use guild_id to name one guild',
          {},
        );
      }
      const from: string | undefined = after;
      const { guildIds, next } = await this.database.readPage('search', (manager) =>
        manager.transaction(async (transaction) => {
          await transaction.query(`SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`);
          return findMemberGuilds(transaction, userId, from, PORTION);
        }),
      );
      yield* guildIds;
      after = next;
    } while (after !== undefined);
  }

  /** @throws ServiceUnavailableError also if the search takes longer than {@link LONGEST_SEARCH_MS} */
  async all(userId: string): Promise<string[]> {
    const guildIds: string[] = [];
    for await (const guildId of this.of(userId, performance.now() + LONGEST_SEARCH_MS)) guildIds.push(guildId);
    return guildIds;
  }
}
