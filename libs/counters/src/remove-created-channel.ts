import type { EntityManager } from 'typeorm';
import { snowflakeTime } from '#libs/contracts';
import { findNamedChannels, isBeingCreated, type CreatedChannel } from './channel-creations.js';
import { DiscordError, isLockedFor, type DiscordClient } from '#libs/discord';

/** Discord makes ids by its own clock. */
const CLOCKS_APART_MS = 60_000;
const VOICE = 2;

/** Another request is creating a channel that looks the same, so that nobody can tell which is whose. */
export class AmbiguousChannelError extends Error {
  override readonly name = 'AmbiguousChannelError';

  constructor({ channelName }: CreatedChannel) {
    super(`another request is creating a channel ${JSON.stringify(channelName)} right now`);
  }
}

/**
 * Removes the channel of a creation that was abandoned. Where its id is not known, it is looked for.
 *
 * @returns whether there was one
 * @throws DiscordError, AmbiguousChannelError, or the signal's reason
 */
export async function removeCreatedChannel(
  discord: DiscordClient,
  manager: EntityManager,
  creation: CreatedChannel,
  signal: AbortSignal,
): Promise<boolean> {
  const channelId = creation.channelId ?? (await findCreatedChannel(discord, manager, creation, signal));
  if (channelId === undefined) return false;
  await deleteChannel(discord, creation.guildId, channelId, signal);
  return true;
}

/** Deletes a channel, which may be gone already. @throws DiscordError, or the signal's reason */
export async function deleteChannel(
  discord: DiscordClient,
  guildId: string,
  channelId: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await discord.channels.delete({ guildId, channelId }, signal);
  } catch (error) {
    if (!(error instanceof DiscordError && error.missingObject === 'channel')) throw error;
  }
}

/**
 * Looks for the channel of a creation whose id is not known: a voice channel of that name in that category, locked as
 * only the bot does it, not older than the request, and named by nothing.
 *
 * @throws DiscordError, AmbiguousChannelError, or the signal's reason
 */
export async function findCreatedChannel(
  discord: DiscordClient,
  manager: EntityManager,
  creation: CreatedChannel,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { guildId, categoryId, channelName, begunAt } = creation;
  const [channels, bot] = await Promise.all([discord.guilds.channels(guildId, signal), discord.users.self(signal)]);
  const candidates = channels.filter(
    (channel) =>
      channel.type === VOICE &&
      channel.parentId === categoryId &&
      withoutSpareSpace(channel.name) === withoutSpareSpace(channelName) &&
      isLockedFor(channel, guildId, bot.id) &&
      snowflakeTime(channel.id) >= begunAt.getTime() - CLOCKS_APART_MS,
  );
  if (candidates.length === 0) return undefined;
  if (await isBeingCreated(manager, creation)) throw new AmbiguousChannelError(creation);
  const named = await findNamedChannels(manager, guildId);
  return candidates.find(({ id }) => !named.has(id))?.id;
}

/** Discord does not keep all of the space that is in a name. */
function withoutSpareSpace(name: string): string {
  return name.trim().replaceAll(/\s+/g, ' ');
}
