import {
  DiscordError,
  explainDiscordError,
  missingPermissions,
  type Clock,
  type DiscordChannel,
  type DiscordClient,
  type DiscordPermission,
} from '#libs/discord';
import { ChannelProblemError } from './run-errors.js';

/** What is about to be done in a channel, for whom it fails. */
export interface ChannelAction {
  guildId: string;
  channelId: string;
  /** Ends the sentence "Discord refused to …". */
  action: string;
  needed: readonly DiscordPermission[];
}

const FIRST_THREAD_TYPE = 10;
const LAST_THREAD_TYPE = 12;

export function isThread({ type }: DiscordChannel): boolean {
  return type >= FIRST_THREAD_TYPE && type <= LAST_THREAD_TYPE;
}

/** Acts in channels, and finds out what the bot lacks where Discord refuses. */
export class ChannelAccess {
  constructor(
    private readonly discord: DiscordClient,
    private readonly clock: Clock,
  ) {}

  /** @throws ChannelProblemError when Discord refuses, and whatever else the call throws */
  async act<T>(action: ChannelAction, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof DiscordError && error.kind === 'forbidden')) throw error;
      const missing = await this.missing(action, signal);
      // What is known may be more than was refused for; where nothing is, what it takes is told.
      const needed = missing !== undefined && missing.length > 0 ? missing : action.needed;
      const { guildId, channelId } = action;
      const problem = explainDiscordError(error, { action: action.action, channelId, needed });
      throw new ChannelProblemError({ guildId, channelId, problem }, error);
    }
  }

  /** Of the permissions that are needed, those that the bot lacks; undefined when Discord does not tell. */
  async missing(
    { guildId, channelId, needed }: ChannelAction,
    signal: AbortSignal,
  ): Promise<DiscordPermission[] | undefined> {
    const { guilds, channels } = this.discord;
    try {
      const [guild, roles, member, channel] = await Promise.all([
        guilds.get(guildId, signal),
        guilds.roles(guildId, signal),
        guilds.self(guildId, signal),
        this.withParent(guildId, await channels.get({ guildId, channelId }, signal), signal),
      ]);
      return missingPermissions({ guild, roles, member, channel, now: this.clock.now() }, needed);
    } catch (error) {
      if (error instanceof DiscordError) return undefined;
      throw error;
    }
  }

  /** Whether a channel is age restricted; a thread is when its channel is. @throws DiscordError */
  async isAgeRestricted(guildId: string, channel: DiscordChannel, signal: AbortSignal): Promise<boolean> {
    return (await this.withParent(guildId, channel, signal)).isNsfw;
  }

  private async withParent(guildId: string, channel: DiscordChannel, signal: AbortSignal): Promise<DiscordChannel> {
    if (!isThread(channel) || channel.parentId === null) return channel;
    return this.discord.channels.get({ guildId, channelId: channel.parentId }, signal);
  }
}
