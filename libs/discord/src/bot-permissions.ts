import type { DiscordChannel } from './channel-calls.js';
import type { DiscordClient } from './discord-client.js';
import { DiscordError, MISSING_ACCESS } from './discord-error.js';
import type { DiscordGuild, DiscordMember, DiscordRole } from './guild-calls.js';
import { missingPermissions, permissionsOf, type DiscordPermission } from './permissions.js';

interface GuildState {
  guild: DiscordGuild;
  roles: readonly DiscordRole[];
  member: DiscordMember;
  /** The channels that the bot can see. */
  channels: readonly DiscordChannel[];
}

/** The bot's permissions in a guild, to explain why Discord refused a call. */
export class BotPermissions {
  /** @param known undefined if the bot is not a member */
  private constructor(private readonly known: GuildState | undefined) {}

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

  /** The bot's permissions at guild level. @param now Unix milliseconds */
  inGuild(now: number): bigint {
    return this.known === undefined ? 0n : permissionsOf({ ...this.known, now });
  }

  /** Whether the guild has the role. The id of `@everyone` is that of the guild. */
  hasRole(roleId: string): boolean {
    return this.known?.roles.some(({ id }) => id === roleId) ?? false;
  }

  /** The needed permissions that the bot lacks at guild level. @param now Unix milliseconds */
  lackingInGuild(needed: readonly DiscordPermission[], now: number): readonly DiscordPermission[] {
    return this.known === undefined ? needed : missingPermissions({ ...this.known, now }, needed);
  }

  /**
   * The needed permissions that the bot lacks in one channel. A channel that the bot cannot see looks like one that
   * does not exist. Then this is what the bot lacks at guild level if that includes View Channel, otherwise undefined.
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

/** Whether the bot is in the guild. Undefined if Discord does not say. @throws the signal's reason */
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

/** Every member may read the guild and its own membership, so a refusal means that the bot is not a member. */
function isNotInGuild(error: unknown): boolean {
  if (!(error instanceof DiscordError)) return false;
  return error.missingObject === 'guild' || error.missingObject === 'member' || error.code === MISSING_ACCESS;
}
