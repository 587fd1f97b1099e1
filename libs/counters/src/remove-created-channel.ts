import type { EntityManager } from 'typeorm';
import { snowflakeTime } from '#libs/contracts';
import { findReferencedChannels, isBeingCreated, type CreatedChannel } from './channel-creations.js';
import { DiscordError, isLockedFor, type DiscordClient } from '#libs/discord';

/** Tolerance for Discord's clock, which determines the time in ids. */
const CLOCK_TOLERANCE_MS = 60_000;
const VOICE = 2;

/** Another request is creating a channel that looks the same, so the channels cannot be distinguished. */
export class AmbiguousChannelError extends Error {
  override readonly name = 'AmbiguousChannelError';

  constructor({ channelName }: CreatedChannel) {
    super(`another request is creating a channel ${JSON.stringify(channelName)} right now`);
  }
}

/**
 * Removes the channel of an abandoned creation. If its id is not known, it is searched for.
 *
 * @returns whether a channel existed
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

/** Deletes a channel if it exists. @throws DiscordError, or the signal's reason */
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
 * Searches the channel of a creation whose id is not known: a voice channel with the name, in the category, locked as
 * the bot locks channels, not older than the request, and not referred to by settings or creations.
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
      normalizeSpaces(channel.name) === normalizeSpaces(channelName) &&
      isLockedFor(channel, guildId, bot.id) &&
      snowflakeTime(channel.id) >= begunAt.getTime() - CLOCK_TOLERANCE_MS,
  );
  if (candidates.length === 0) return undefined;
  if (await isBeingCreated(manager, creation)) throw new AmbiguousChannelError(creation);
  const referenced = await findReferencedChannels(manager, guildId);
  return candidates.find(({ id }) => !referenced.has(id))?.id;
}

/** Discord removes redundant spaces from names. */
function normalizeSpaces(name: string): string {
  return name.trim().replaceAll(/\s+/g, ' ');
}
