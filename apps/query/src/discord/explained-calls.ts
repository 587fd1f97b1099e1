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

/** What a request wants of Discord. */
export interface Asked {
  guildId: string;
  /** Where the bot may lack something, beside the guild as a whole. */
  channelId?: string;
  /** Ends the sentence "Discord could not …". */
  action: string;
  needed: readonly DiscordPermission[];
}

/** Calls of Discord that say in their error what the bot lacks, and where. */
export class ExplainedCalls {
  constructor(
    private readonly discord: DiscordClient,
    private readonly clock: Clock,
  ) {}

  /** @throws DiscordApiInteractionError that names the permission, where one is missing; whatever else `work` throws */
  async run<T>(asked: Asked, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DiscordError)) throw error;
      const { guildId, channelId, action, needed } = asked;
      const known = error.kind === 'forbidden' ? await this.whatIsMissing(asked, signal) : { channelId };
      const place = known ? '' : ` in server ${guildId}`;
      throw new DiscordApiInteractionError(explainDiscordError(error, { action, needed, ...known }) + place, error);
    }
  }

  /** Undefined when it cannot be found out. */
  private async whatIsMissing(
    { guildId, channelId, needed }: Asked,
    signal: AbortSignal,
  ): Promise<Pick<FailedAction, 'lacking' | 'channelId' | 'isInGuild'> | undefined> {
    try {
      const permissions = await BotPermissions.read(this.discord, guildId, signal);
      if (!permissions.isInGuild) return { isInGuild: false };
      const now = this.clock.now();
      const inGuild = permissions.lackingInGuild(needed, now);
      if (inGuild.length > 0) return { lacking: inGuild };
      if (channelId === undefined) return undefined;
      // Discord leaves a channel that is there out of its list when the bot cannot see it.
      const lacking = permissions.lackingInChannel(channelId, needed, now) ?? ['ViewChannel'];
      return lacking.length > 0 ? { lacking, channelId } : undefined;
    } catch (error) {
      if (error instanceof DiscordError) return undefined;
      throw error;
    }
  }
}
