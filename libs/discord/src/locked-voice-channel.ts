import { PermissionFlagsBits } from 'discord-api-types/v10';
import type { DiscordChannel, PermissionOverwrite } from './channel-calls.js';
import type { DiscordPermission } from './permissions.js';

/** The permissions to create a locked voice channel. The bot can only set permissions that it has. */
export const TO_CREATE_LOCKED: readonly DiscordPermission[] = [
  'ViewChannel',
  'ManageChannels',
  'ManageRoles',
  'Connect',
];

/** The permissions to rename or delete a voice channel. */
export const TO_CHANGE_VOICE: readonly DiscordPermission[] = ['ViewChannel', 'ManageChannels', 'Connect'];

const { ViewChannel, Connect, ManageChannels, ManageRoles } = PermissionFlagsBits;
const BOT_PERMISSIONS = ViewChannel | Connect | ManageChannels;

export interface LockedChannelOptions {
  guildId: string;
  botId: string;
  /** The bot's permissions at guild level. The bot can only set these. */
  botPermissions: bigint;
  category: Pick<DiscordChannel, 'overwrites'>;
}

/**
 * The overwrites of a channel that is visible like its category and that only the bot may join. A channel that is
 * created with overwrites does not inherit those of its category, so they are copied.
 */
export function lockedIn({ guildId, botId, botPermissions, category }: LockedChannelOptions): PermissionOverwrite[] {
  const isAdministrator = (botPermissions & PermissionFlagsBits.Administrator) !== 0n;
  // The permissions of the lock are always set: if the bot lacks one, Discord must refuse, or the channel would be open.
  const copied = (isAdministrator ? botPermissions : botPermissions & ~ManageRoles) | BOT_PERMISSIONS;
  const inherited = category.overwrites
    .map((overwrite) => ({ ...overwrite, allow: overwrite.allow & copied & ~Connect, deny: overwrite.deny & copied }))
    .filter(({ allow, deny }) => (allow | deny) !== 0n);
  const of = (id: string) => inherited.find((overwrite) => overwrite.id === id) ?? { allow: 0n, deny: 0n };
  const everyone = of(guildId);
  const bot = of(botId);
  return [
    { id: guildId, of: 'role', allow: everyone.allow, deny: everyone.deny | Connect },
    ...inherited.filter(({ id }) => id !== guildId && id !== botId),
    { id: botId, of: 'member', allow: bot.allow | BOT_PERMISSIONS, deny: bot.deny & ~BOT_PERMISSIONS },
  ];
}

/** Whether the channel is locked in this way. People lock channels by roles, and hardly ever for a single bot. */
export function isLockedFor(channel: Pick<DiscordChannel, 'overwrites'>, guildId: string, botId: string): boolean {
  const everyone = channel.overwrites.find(({ id }) => id === guildId);
  const bot = channel.overwrites.find(({ id }) => id === botId);
  const others = channel.overwrites.filter(({ id }) => id !== botId);
  return (
    ((everyone?.deny ?? 0n) & Connect) !== 0n &&
    ((bot?.allow ?? 0n) & BOT_PERMISSIONS) === BOT_PERMISSIONS &&
    others.every(({ allow }) => (allow & Connect) === 0n)
  );
}
