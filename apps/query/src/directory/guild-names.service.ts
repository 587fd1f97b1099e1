import { Injectable } from '@nestjs/common';
import { GUILDS_PER_PAGE, type DiscordClient, type NamedGuild } from '#libs/discord';
import { RecentReads } from '../caching/recent-reads.js';
import { AskedDiscord } from './asked-discord.js';
import { GuildDirectory } from './guild-directory.service.js';

export interface GuildName {
  id: string;
  /** Null if Discord did not tell it. */
  name: string | null;
  /** The icon's hash in Discord's CDN. Null without an icon. */
  icon: string | null;
}

const FRESH_MS = 5 * 60_000;
/** Pages of the bot's guilds, 200 in each. */
const MAX_PAGES = 5;

/** Names of guilds, from Discord. */
@Injectable()
export class GuildNames {
  private readonly own = new RecentReads<ReadonlyMap<string, NamedGuild>>({ freshMs: FRESH_MS, max: 1 });

  constructor(
    private readonly discord: AskedDiscord,
    private readonly directory: GuildDirectory,
  ) {}

  async of(guildId: string): Promise<GuildName> {
    const { guild } = await this.directory.of(guildId);
    return guild;
  }

  /** Names of many guilds. Only the first 1,000 guilds of the bot are named. */
  async all(guildIds: readonly string[]): Promise<GuildName[]> {
    const known = await this.own.find('all', () => this.discord.ask((client, signal) => readGuilds(client, signal)));
    return guildIds.map((id) => known?.get(id) ?? { id, name: null, icon: null });
  }
}

async function readGuilds(client: DiscordClient, signal: AbortSignal): Promise<ReadonlyMap<string, NamedGuild>> {
  const guilds: NamedGuild[] = [];
  for (let page = 0; page < MAX_PAGES; page++) {
    const next = await client.users.guilds(guilds.at(-1)?.id, signal);
    guilds.push(...next);
    if (next.length < GUILDS_PER_PAGE) break;
  }
  return new Map(guilds.map((guild) => [guild.id, guild]));
}
