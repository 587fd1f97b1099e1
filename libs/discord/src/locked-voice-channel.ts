import { PermissionFlagsBits } from 'discord-api-types/v10';
import type { DiscordChannel, PermissionOverwrite } from './channel-calls.js';
import type { DiscordPermission } from './permissions.js';

/** What the bot needs to create a locked voice channel: it can give and take only what it has itself. */
export const TO_CREATE_LOCKED: readonly DiscordPermission[] = [
  'ViewChannel',
  'ManageChannels',
  'ManageRoles',
  'Connect',
];

/** What the bot needs in a voice channel to rename or delete it. */
export const TO_CHANGE_VOICE: readonly DiscordPermission[] = ['ViewChannel', 'ManageChannels', 'Connect'];

const { ViewChannel, Connect, ManageChannels, ManageRoles } = PermissionFlagsBits;
const OF_THE_BOT = ViewChannel | Connect | ManageChannels;

export interface LockedChannelOptions {
  guildId: string;
  botId: string;
  /** What the bot may do in the guild as a whole: Discord lets it give and take nothing else. */
  botPermissions: bigint;
  category: Pick<DiscordChannel, 'overwrites'>;
}

/**
 * The overwrites of a channel that is seen by whoever sees its category, and that nobody but the bot may join. Discord
 * passes nothing on to a channel that is created with overwrites of its own, so those of the category are copied.
 */
export function lockedIn({ guildId, botId, botPermissions, category }: LockedChannelOptions): PermissionOverwrite[] {
  const isAdministrator = (botPermissions & PermissionFlagsBits.Administrator) !== 0n;
  // What the lock needs stays in any case: without it, the channel would be open, and Discord has to refuse it.
  const copied = (isAdministrator ? botPermissions : botPermissions & ~ManageRoles) | OF_THE_BOT;
  const inherited = category.overwrites
    .map((overwrite) => ({ ...overwrite, allow: overwrite.allow & copied & ~Connect, deny: overwrite.deny & copied }))
    .filter(({ allow, deny }) => (allow | deny) !== 0n);
  const of = (id: string) => inherited.find((overwrite) => overwrite.id === id) ?? { allow: 0n, deny: 0n };
  const everyone = of(guildId);
  const bot = of(botId);
  return [
    { id: guildId, of: 'role', allow: everyone.allow, deny: everyone.deny | Connect },
    ...inherited.filter(({ id }) => id !== guildId && id !== botId),
    { id: botId, of: 'member', allow: bot.allow | OF_THE_BOT, deny: bot.deny & ~OF_THE_BOT },
  ];
}

/** Whether the channel is locked so; people lock channels by roles, and hardly ever for one bot. */
export function isLockedFor(channel: Pick<DiscordChannel, 'overwrites'>, guildId: string, botId: string): boolean {
  const everyone = channel.overwrites.find(({ id }) => id === guildId);
  const bot = channel.overwrites.find(({ id }) => id === botId);
  const others = channel.overwrites.filter(({ id }) => id !== botId);
  return (
    ((everyone?.deny ?? 0n) & Connect) !== 0n &&
    ((bot?.allow ?? 0n) & OF_THE_BOT) === OF_THE_BOT &&
    others.every(({ allow }) => (allow & Connect) === 0n)
  );
}
