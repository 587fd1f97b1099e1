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

const { ViewChannel, Connect, ManageChannels } = PermissionFlagsBits;

/** Everybody may see the channel, and nobody but the bot may join it. */
export function lockedFor(guildId: string, botId: string): PermissionOverwrite[] {
  return [
    { id: guildId, of: 'role', allow: ViewChannel, deny: Connect },
    { id: botId, of: 'member', allow: ViewChannel | Connect | ManageChannels, deny: 0n },
  ];
}

/** Whether the channel is locked exactly so; people lock channels by roles, and hardly ever for one bot. */
export function isLockedFor(channel: DiscordChannel, guildId: string, botId: string): boolean {
  const wanted = lockedFor(guildId, botId);
  return (
    channel.overwrites.length === wanted.length &&
    wanted.every(({ id, of, allow, deny }) =>
      channel.overwrites.some((one) => one.id === id && one.of === of && one.allow === allow && one.deny === deny),
    )
  );
}
