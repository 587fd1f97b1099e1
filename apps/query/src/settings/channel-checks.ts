import type { DiscordChannel, DiscordClient } from '#libs/discord';
import type { Clock } from '#libs/timing';
import { ExplainedCalls } from '../discord/explained-calls.js';
import { findChannel, type UnknownChannel } from '../discord/find-channel.js';
import { BadRequestError } from '../http/api-error.js';
import type { NamedChannel } from './settings-part.js';

const UNKNOWN_CHANNEL_MESSAGES: Readonly<Record<UnknownChannel['reason'], string>> = {
  hidden: 'must be a channel of this guild that the bot can see (the bot needs View Channel there)',
  'no such channel': 'must be a channel of this guild: Discord has no channel with this id',
  'of another guild': 'must be a channel of this guild',
};

/**
 * Checks channels in settings with Discord.
 *
 * @throws BadRequestError that names each field whose channel is not in the guild or has an unsuitable type
 * @throws DiscordApiInteractionError if Discord refuses or does not answer, or the signal's reason
 */
export async function checkNamedChannels(
  { discord, clock }: { discord: DiscordClient; clock: Clock },
  guildId: string,
  named: readonly NamedChannel[],
  signal: AbortSignal,
): Promise<void> {
  if (named.length === 0) return;
  const call = { guildId, action: 'read the channels of the server', needed: [] };
  const mistakes = await new ExplainedCalls(discord, clock).run(call, signal, async () => {
    const listed = await discord.guilds.channels(guildId, signal);
    const byId = new Map<string, DiscordChannel | UnknownChannel>(listed.map((channel) => [channel.id, channel]));
    const unlisted = new Set(named.map(({ channelId }) => channelId).filter((id) => !byId.has(id)));
    const find = (channelId: string) => findChannel(discord, { guildId, channelId }, signal);
    for (const channel of await Promise.all([...unlisted].map(find))) byId.set(channel.id, channel);
    return named.flatMap((channel) => {
      const message = mistakeOf(channel, byId.get(channel.channelId)!);
      return message === undefined ? [] : [{ field: channel.field, message }];
    });
  });
  if (mistakes.length > 0) throw new BadRequestError(mistakes);
}

function mistakeOf(named: NamedChannel, channel: DiscordChannel | UnknownChannel): string | undefined {
  return 'reason' in channel ? UNKNOWN_CHANNEL_MESSAGES[channel.reason] : named.mistake(channel);
}
