import type { DiscordChannel, DiscordClient } from '#libs/discord';
import type { Clock } from '#libs/timing';
import { ExplainedCalls } from '../discord/explained-calls.js';
import { findChannel, type UnknownChannel } from '../discord/find-channel.js';
import { BadRequestError } from '../http/api-error.js';
import type { NamedChannel } from './settings-part.js';

const WHY_UNKNOWN: Readonly<Record<UnknownChannel['why'], string>> = {
  hidden: 'cannot be seen by the bot (it needs View Channel there), or is no channel of this guild',
  'no such channel': 'is no channel of this guild: Discord knows no such channel',
  'of another guild': 'is no channel of this guild',
};

/**
 * Asks Discord about channels that settings name.
 *
 * @throws BadRequestError naming each that is no channel of the guild, or cannot serve
 * @throws DiscordApiInteractionError when Discord refuses or does not answer, or the signal's reason
 */
export async function checkNamedChannels(
  { discord, clock }: { discord: DiscordClient; clock: Clock },
  guildId: string,
  named: readonly NamedChannel[],
  signal: AbortSignal,
): Promise<void> {
  if (named.length === 0) return;
  const asked = { guildId, action: 'read the channels of the server', needed: [] };
  const mistakes = await new ExplainedCalls(discord, clock).run(asked, signal, async () => {
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
  return 'why' in channel ? WHY_UNKNOWN[channel.why] : named.mistake(channel);
}
