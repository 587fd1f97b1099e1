import type { DiscordChannel } from './channel-calls.js';
import type { DiscordClient } from './discord-client.js';
import { DiscordError, MISSING_ACCESS } from './discord-error.js';
import type { DiscordGuild, DiscordMember, DiscordRole } from './guild-calls.js';
import { missingPermissions, permissionsOf, type DiscordPermission } from './permissions.js';

interface KnownOfGuild {
  guild: DiscordGuild;
  roles: readonly DiscordRole[];
  member: DiscordMember;
  /** Those that the bot can see. */
  channels: readonly DiscordChannel[];
}

/** What the bot may do in a guild, for who was refused something and has to say why. */
export class BotPermissions {
  /** @param known undefined where the bot is no member */
  private constructor(private readonly known: KnownOfGuild | undefined) {}

  /** @throws DiscordError, or the signal's reason */
  static async read(discord: DiscordClient, guildId: string, signal: AbortSignal): Promise<BotPermissions> {
    try {
      const [guild, roles, member, channels] = await Promise.all([
        discord.guilds.get(guildId, signal),
        discord.guilds.roles(guildId, signal),
        discord.guilds.self(guildId, signal),
        discord.guilds.channels(guildId, signal),
      ]);
      return new BotPermissions({ guild, roles, member, channels });
    } catch (error) {
      if (!isNotInGuild(error)) throw error;
      return new BotPermissions(undefined);
    }
  }

  get isInGuild(): boolean {
    return this.known !== undefined;
  }

  /** The bits that the bot has in the guild as a whole. @param now Unix milliseconds */
  inGuild(now: number): bigint {
    return this.known === undefined ? 0n : permissionsOf({ ...this.known, now });
  }

  /** @everyone is one, under the id of the guild. */
  hasRole(roleId: string): boolean {
    return this.known?.roles.some(({ id }) => id === roleId) ?? false;
  }

  /** Which of these the bot lacks in the guild as a whole. @param now Unix milliseconds */
  lackingInGuild(needed: readonly DiscordPermission[], now: number): readonly DiscordPermission[] {
    return this.known === undefined ? needed : missingPermissions({ ...this.known, now }, needed);
  }

  /**
   * Which of these the bot lacks in one channel. One that it cannot see is not told from one that does not exist: then
   * what it lacks to see any channel at all, else undefined.
   *
   * @param now Unix milliseconds
   */
  lackingInChannel(
    channelId: string,
    needed: readonly DiscordPermission[],
    now: number,
  ): readonly DiscordPermission[] | undefined {
    const channel = this.known?.channels.find(({ id }) => id === channelId);
    if (this.known && channel) return missingPermissions({ ...this.known, channel, now }, needed);
    const lacking = this.lackingInGuild(needed, now);
    return lacking.includes('ViewChannel') ? lacking : undefined;
  }
}

/** Whether the bot is in the guild; undefined when Discord does not tell. @throws the signal's reason */
export async function isInGuild(
  discord: Pick<DiscordClient, 'guilds'>,
  guildId: string,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  try {
    await discord.guilds.self(guildId, signal);
    return true;
  } catch (error) {
    if (!(error instanceof DiscordError)) throw error;
    return isNotInGuild(error) ? false : undefined;
  }
}

/** Discord shows a guild, and itself in it, to every member: who is refused that is none. */
function isNotInGuild(error: unknown): boolean {
  if (!(error instanceof DiscordError)) return false;
  return error.missingObject === 'guild' || error.missingObject === 'member' || error.code === MISSING_ACCESS;
}
