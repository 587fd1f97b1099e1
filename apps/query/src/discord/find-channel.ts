import { DiscordError, type ChannelOfGuild, type DiscordChannel, type DiscordClient } from '#libs/discord';

/** A channel whose id is all that is known of it, and why. */
export interface UnknownChannel {
  id: string;
  /** `hidden`: the bot cannot see it, or it is of a guild that the bot is not in. */
  why: 'hidden' | 'no such channel' | 'of another guild';
}

/**
 * Looks for a channel that Discord does not list: it lists neither threads nor what the bot cannot see.
 *
 * @throws DiscordError, or the signal's reason
 */
export async function findChannel(
  discord: DiscordClient,
  { guildId, channelId }: ChannelOfGuild,
  signal: AbortSignal,
): Promise<DiscordChannel | UnknownChannel> {
  try {
    const channel = await discord.channels.get({ guildId, channelId }, signal);
    return channel.guildId === guildId ? channel : { id: channelId, why: 'of another guild' };
  } catch (error) {
    if (!(error instanceof DiscordError)) throw error;
    if (error.kind === 'forbidden') return { id: channelId, why: 'hidden' };
    if (error.kind === 'not_found') return { id: channelId, why: 'no such channel' };
    throw error;
  }
}
