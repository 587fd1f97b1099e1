import {
  DiscordError,
  explainDiscordError,
  isRefusalOfContent,
  isInGuild,
  missingPermissions,
  type DiscordChannel,
  type DiscordClient,
  type DiscordPermission,
} from '#libs/discord';
import type { Clock } from '#libs/timing';
import { ChannelProblemError } from './run-errors.js';
import type { StarboardAction } from '#libs/database';
import type { StarboardProblems } from './starboard-problems.queries.js';

/** An action in a channel. */
export interface ChannelAction {
  guildId: string;
  channelId: string;
  action: StarboardAction;
  /** Ends the sentence "Discord refused to …". */
  description: string;
  needed: readonly DiscordPermission[];
}

const FIRST_THREAD_TYPE = 10;
const LAST_THREAD_TYPE = 12;
/** Voice and stage. */
const VOICE_TYPES = [2, 13];

export function isThread({ type }: DiscordChannel): boolean {
  return type >= FIRST_THREAD_TYPE && type <= LAST_THREAD_TYPE;
}

/** The chat of a voice channel requires the permission to join it. */
function toJoin({ type }: DiscordChannel): DiscordPermission[] {
  return VOICE_TYPES.includes(type) ? ['Connect'] : [];
}

/**
 * Acts in channels. If Discord refuses, it finds the permissions that the bot lacks. A successful action ends its known
 * problem.
 */
export class ChannelAccess {
  constructor(
    private readonly discord: DiscordClient,
    private readonly clock: Clock,
    private readonly problems: Pick<StarboardProblems, 'solve' | 'clear'>,
  ) {}

  /** @throws ChannelProblemError when Discord refuses, and whatever else the call throws */
  async act<T>(action: ChannelAction, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    try {
      const answer = await call();
      await this.problems.solve(action);
      return answer;
    } catch (error) {
      if (!(error instanceof DiscordError)) throw error;
      if (error.missingObject === 'message') await this.problems.solve(action);
      if (error.missingObject === 'channel') await this.problems.clear(action);
      if (error.kind !== 'forbidden' || isRefusalOfContent(error)) throw error;
      const missing = await this.missing(action, signal);
      const { guildId, channelId, description, needed } = action;
      // If the lacking permissions are unknown, the message names all that the action needs.
      const lacking = missing && missing.length > 0 ? missing : undefined;
      // If the permissions cannot be read, the bot may not be a member of the guild.
      const isMember = missing === undefined ? await isInGuild(this.discord, guildId, signal) : true;
      const known = { lacking, isInGuild: isMember };
      const problem = explainDiscordError(error, { action: description, channelId, needed, ...known });
      const blockedAction = missing?.includes('ViewChannel') ? 'view' : action.action;
      throw new ChannelProblemError({ guildId, channelId, action: blockedAction, problem }, error);
    }
  }

  /** The needed permissions that the bot lacks. Undefined if Discord does not say. */
  async missing(
    { guildId, channelId, needed }: Pick<ChannelAction, 'guildId' | 'channelId' | 'needed'>,
    signal: AbortSignal,
  ): Promise<DiscordPermission[] | undefined> {
    const { guilds, channels } = this.discord;
    try {
      const [guild, roles, member, channel] = await Promise.all([
        guilds.get(guildId, signal),
        guilds.roles(guildId, signal),
        guilds.self(guildId, signal),
        channels.get({ guildId, channelId }, signal).then((found) => this.withParent(guildId, found, signal)),
      ]);
      return missingPermissions({ guild, roles, member, channel, now: this.clock.now() }, [
        ...needed,
        ...toJoin(channel),
      ]);
    } catch (error) {
      if (error instanceof DiscordError) return undefined;
      throw error;
    }
  }

  /** Whether a channel, or the channel of a thread, is age restricted. @throws DiscordError */
  async isAgeRestricted(guildId: string, channel: DiscordChannel, signal: AbortSignal): Promise<boolean> {
    return (await this.withParent(guildId, channel, signal)).isNsfw;
  }

  private async withParent(guildId: string, channel: DiscordChannel, signal: AbortSignal): Promise<DiscordChannel> {
    if (!isThread(channel) || channel.parentId === null) return channel;
    return this.discord.channels.get({ guildId, channelId: channel.parentId }, signal);
  }
}
