import { Injectable } from '@nestjs/common';
import type { DiscordChannel, DiscordClient, DiscordRole } from '#libs/discord';
import { RecentReads } from '../caching/recent-reads.js';
import { AskedDiscord } from './asked-discord.js';
import type { DirectoryAnswer } from './dto/directory.dto.js';

const FRESH_MS = 2 * 60_000;
/** A guild has at most 500 channels and 250 roles, about 150 kB. */
const MAX_GUILDS = 200;

/** The names of a guild, its channels and roles, from Discord. */
@Injectable()
export class GuildDirectory {
  private readonly guilds = new RecentReads<DirectoryAnswer>({ freshMs: FRESH_MS, max: MAX_GUILDS });

  constructor(private readonly discord: AskedDiscord) {}

  /** @returns without names, if Discord did not tell them */
  async of(guildId: string): Promise<DirectoryAnswer> {
    const found = await this.guilds.find(guildId, () =>
      this.discord.ask((client, signal) => readDirectory(client, guildId, signal)),
    );
    return found ?? { guild: { id: guildId, name: null, icon: null }, channels: [], roles: [] };
  }
}

async function readDirectory(client: DiscordClient, guildId: string, signal: AbortSignal): Promise<DirectoryAnswer> {
  const [guild, channels, roles] = await Promise.all([
    client.guilds.get(guildId, signal),
    client.guilds.channels(guildId, signal),
    client.guilds.roles(guildId, signal),
  ]);
  return {
    guild: { id: guildId, name: guild.name, icon: guild.icon },
    channels: channels.map(channelAnswer),
    roles: roles.toSorted((a, b) => b.position - a.position).map(roleAnswer),
  };
}

function channelAnswer({ id, name, type, parentId }: DiscordChannel): DirectoryAnswer['channels'][number] {
  return { id, name, type, parent_id: parentId };
}

function roleAnswer({ id, name, color }: DiscordRole): DirectoryAnswer['roles'][number] {
  return { id, name, color };
}
