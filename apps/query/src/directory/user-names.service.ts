import { Injectable } from '@nestjs/common';
import { DiscordError, type DiscordClient, type DiscordUser } from '#libs/discord';
import { RecentReads } from '../caching/recent-reads.js';
import { AskedDiscord } from './asked-discord.js';
import type { UserNameAnswer } from './dto/directory.dto.js';

const FRESH_MS = 10 * 60_000;
/** About 5 MB. Names are kept in memory only. */
const MAX_USERS = 20_000;

/** The names of users in a guild, from Discord. */
@Injectable()
export class UserNames {
  private readonly users = new RecentReads<UserNameAnswer>({ freshMs: FRESH_MS, max: MAX_USERS });

  constructor(private readonly discord: AskedDiscord) {}

  /** In the order of the ids. The name of a user whom Discord does not tell is null. */
  async of(guildId: string, userIds: readonly string[]): Promise<UserNameAnswer[]> {
    return Promise.all(userIds.map((userId) => this.find(guildId, userId)));
  }

  private async find(guildId: string, userId: string): Promise<UserNameAnswer> {
    const found = await this.users.find(`${guildId} ${userId}`, () =>
      this.discord.ask((client, signal) => readName(client, guildId, userId, signal)),
    );
    return found ?? { id: userId, name: null, avatar: null };
  }
}

async function readName(
  client: DiscordClient,
  guildId: string,
  userId: string,
  signal: AbortSignal,
): Promise<UserNameAnswer> {
  const { name, avatar } = await readUser(client, guildId, userId, signal);
  return { id: userId, name, avatar };
}

/** Somebody who has left the guild is still a user. */
async function readUser(
  client: DiscordClient,
  guildId: string,
  userId: string,
  signal: AbortSignal,
): Promise<DiscordUser> {
  try {
    return await client.guilds.memberUser(guildId, userId, signal);
  } catch (error) {
    if (!(error instanceof DiscordError) || error.missingObject !== 'member') throw error;
    return client.users.get(userId, signal);
  }
}
