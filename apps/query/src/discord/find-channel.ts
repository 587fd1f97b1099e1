import { DiscordError, type ChannelOfGuild, type DiscordChannel, type DiscordClient } from '#libs/discord';

/** A channel that could not be read, and the reason. */
export interface UnknownChannel {
  id: string;
  /** `hidden`: the bot cannot see it, or is not a member of its guild. */
  reason: 'hidden' | 'no such channel' | 'of another guild';
}

/**
 * Finds a channel that is missing from Discord's list of channels, which has neither threads nor channels that the bot
 * cannot see.
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
    return channel.guildId === guildId ? channel : { id: channelId, reason: 'of another guild' };
  } catch (error) {
    if (!(error instanceof DiscordError)) throw error;
    if (error.kind === 'forbidden') return { id: channelId, reason: 'hidden' };
    if (error.kind === 'not_found') return { id: channelId, reason: 'no such channel' };
    throw error;
  }
}
