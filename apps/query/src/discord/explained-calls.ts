import {
  BotPermissions,
  DiscordError,
  explainDiscordError,
  type DiscordClient,
  type DiscordPermission,
  type FailedAction,
} from '#libs/discord';
import type { Clock } from '#libs/timing';
import { DiscordApiInteractionError } from '../http/api-error.js';

/** A call of Discord, as error messages describe it. */
export interface DiscordCall {
  guildId: string;
  /** The channel in which the bot needs the permissions; undefined if it needs them only in the guild. */
  channelId?: string;
  /** Completes the sentence "Discord could not …". */
  action: string;
  needed: readonly DiscordPermission[];
}

/** Makes calls of Discord whose errors name the missing permission and the place where it is missing. */
export class ExplainedCalls {
  constructor(
    private readonly discord: DiscordClient,
    private readonly clock: Clock,
  ) {}

  /** @throws DiscordApiInteractionError, which names a missing permission; and any other error of `work` */
  async run<T>(call: DiscordCall, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DiscordError)) throw error;
      const { guildId, channelId, action, needed } = call;
      const known = error.kind === 'forbidden' ? await this.findMissingPermissions(call, signal) : { channelId };
      const place = known ? '' : ` in server ${guildId}`;
      throw new DiscordApiInteractionError(explainDiscordError(error, { action, needed, ...known }) + place, error);
    }
  }

  /** @returns undefined if it cannot be determined */
  private async findMissingPermissions(
    { guildId, channelId, needed }: DiscordCall,
    signal: AbortSignal,
  ): Promise<Pick<FailedAction, 'lacking' | 'channelId' | 'isInGuild'> | undefined> {
    try {
      const permissions = await BotPermissions.read(this.discord, guildId, signal);
      if (!permissions.isInGuild) return { isInGuild: false };
      const now = this.clock.now();
      const inGuild = permissions.lackingInGuild(needed, now);
      if (inGuild.length > 0) return { lacking: inGuild };
      if (channelId === undefined) return undefined;
      // Discord's list of channels leaves out those that the bot cannot see.
      const lacking = permissions.lackingInChannel(channelId, needed, now) ?? ['ViewChannel'];
      return lacking.length > 0 ? { lacking, channelId } : undefined;
    } catch (error) {
      if (error instanceof DiscordError) return undefined;
      throw error;
    }
  }
}
