import type { DiscordChannel } from './channel-calls.js';
import type { DiscordClient } from './discord-client.js';
import type { DiscordGuild, DiscordMember, DiscordRole } from './guild-calls.js';
import { missingPermissions, type DiscordPermission } from './permissions.js';

/** What the bot may do in a guild, for who was refused something and has to say why. */
export class BotPermissions {
  private constructor(
    private readonly guild: DiscordGuild,
    private readonly roles: readonly DiscordRole[],
    private readonly member: DiscordMember,
    private readonly channels: readonly DiscordChannel[],
  ) {}

  /** @throws DiscordError, or the signal's reason */
  static async read(discord: DiscordClient, guildId: string, signal: AbortSignal): Promise<BotPermissions> {
    const [guild, roles, member, channels] = await Promise.all([
      discord.guilds.get(guildId, signal),
      discord.guilds.roles(guildId, signal),
      discord.guilds.self(guildId, signal),
      discord.guilds.channels(guildId, signal),
    ]);
    return new BotPermissions(guild, roles, member, channels);
  }

  /**
   * Which of these the bot lacks in the guild as a whole, or in one channel; a channel that is not known here lacks
   * nothing.
   *
   * @param now Unix milliseconds
   */
  lacking(needed: readonly DiscordPermission[], now: number, channelId?: string): DiscordPermission[] {
    const { guild, roles, member } = this;
    if (channelId === undefined) return missingPermissions({ guild, roles, member, now }, needed);
    const channel = this.channels.find(({ id }) => id === channelId);
    return channel === undefined ? [] : missingPermissions({ guild, roles, member, channel, now }, needed);
  }
}
