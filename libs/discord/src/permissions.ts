import { PermissionFlagsBits } from 'discord-api-types/v10';
import type { DiscordChannel, PermissionOverwrite } from './channel-calls.js';
import type { DiscordGuild, DiscordMember, DiscordRole } from './guild-calls.js';

/** The permissions that this system uses, with Discord's display names. */
const PERMISSION_NAMES = {
  ViewChannel: 'View Channel',
  ManageChannels: 'Manage Channels',
  ManageRoles: 'Manage Roles',
  ManageThreads: 'Manage Threads',
  Connect: 'Connect',
  SendMessages: 'Send Messages',
  SendMessagesInThreads: 'Send Messages in Threads',
  EmbedLinks: 'Embed Links',
  AttachFiles: 'Attach Files',
  ReadMessageHistory: 'Read Message History',
} as const satisfies Partial<Record<keyof typeof PermissionFlagsBits, string>>;

export type DiscordPermission = keyof typeof PERMISSION_NAMES;

/** What a member's permissions depend on. `channel` is undefined for permissions at guild level. */
export interface PermissionContext {
  guild: Pick<DiscordGuild, 'id' | 'ownerId'>;
  roles: readonly Pick<DiscordRole, 'id' | 'permissions'>[];
  member: DiscordMember;
  /** For a thread: its channel. */
  channel?: Pick<DiscordChannel, 'overwrites'>;
  /** Unix milliseconds. */
  now: number;
}

const ALL = Object.values(PermissionFlagsBits).reduce((all, bit) => all | bit, 0n);
/** The permissions of a member in a timeout. */
const IN_TIMEOUT = PermissionFlagsBits.ViewChannel | PermissionFlagsBits.ReadMessageHistory;

/** The member's permissions, by Discord's rules: owner, roles, overwrites of `@everyone`, of roles, of the member. */
export function permissionsOf({ guild, roles, member, channel, now }: PermissionContext): bigint {
  if (member.userId === guild.ownerId) return ALL;
  const roleIds = new Set([guild.id, ...member.roleIds]);
  const ofRoles = roles.filter(({ id }) => roleIds.has(id)).reduce((bits, { permissions }) => bits | permissions, 0n);
  if (ofRoles & PermissionFlagsBits.Administrator) return ALL;
  const inChannel = channel ? overwritten(ofRoles, channel.overwrites, guild.id, member) : ofRoles;
  const isTimedOut = member.timedOutUntil !== undefined && member.timedOutUntil > now;
  return isTimedOut ? inChannel & IN_TIMEOUT : inChannel;
}

/** The needed permissions that the member lacks: all of them if the member cannot view the channel. */
export function missingPermissions(
  context: PermissionContext,
  needed: readonly DiscordPermission[],
): DiscordPermission[] {
  const bits = permissionsOf(context);
  if (context.channel && !(bits & PermissionFlagsBits.ViewChannel))
    return [...new Set<DiscordPermission>(['ViewChannel', ...needed])];
  return needed.filter((name) => !(bits & PermissionFlagsBits[name]));
}

/** The display names as a list, such as "Manage Channels and Connect". */
export function namePermissions(permissions: readonly DiscordPermission[]): string {
  const names = permissions.map((permission) => PERMISSION_NAMES[permission]);
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function overwritten(
  bits: bigint,
  overwrites: readonly PermissionOverwrite[],
  everyone: string,
  member: DiscordMember,
): bigint {
  const ofRoles = (include: (id: string) => boolean) => overwrites.filter(({ id, of }) => of === 'role' && include(id));
  const layers = [
    ofRoles((id) => id === everyone),
    ofRoles((id) => id !== everyone && member.roleIds.includes(id)),
    overwrites.filter(({ id, of }) => of === 'member' && id === member.userId),
  ];
  return layers.reduce((before, layer) => {
    const deny = layer.reduce((all, overwrite) => all | overwrite.deny, 0n);
    const allow = layer.reduce((all, overwrite) => all | overwrite.allow, 0n);
    return (before & ~deny) | allow;
  }, bits);
}
