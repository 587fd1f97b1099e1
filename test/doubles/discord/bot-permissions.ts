import type { DiscordState, StoredChannel } from './discord-state.js';
import { bitsOf, PERMISSION_BITS, type PermissionName } from './permission-bits.js';
import { missingAccess, missingPermissions } from './refusal.js';

const EVERYTHING = (1n << 53n) - 1n;
const VOICE = 2;
const STAGE = 13;

/** The permissions of the bot in a guild, or in one of its channels. */
export function botPermissions(state: DiscordState, guildId: string, channel?: StoredChannel): bigint {
  if (channel && !state.guilds.has(guildId)) return 0n; // the bot has left
  const guild = state.guild(guildId);
  if (guild.ownerId === state.bot.id) return EVERYTHING;
  const member = state.members.get(`${guildId}/${state.bot.id}`);
  if (!member) return 0n;
  const roleIds = [guildId, ...member.roleIds];
  const ofRoles = roleIds.reduce((bits, id) => bits | (state.roles.get(id)?.permissions ?? 0n), 0n);
  if (ofRoles & PERMISSION_BITS.Administrator) return EVERYTHING;
  let bits = ofRoles;
  const overwrites = channel ? state.threadParent(channel).overwrites : [];
  for (const layer of [[guildId], member.roleIds, [state.bot.id]]) {
    const mine = overwrites.filter(({ id }) => layer.includes(id));
    bits &= ~mine.reduce((all, { deny }) => all | deny, 0n);
    bits |= mine.reduce((all, { allow }) => all | allow, 0n);
  }
  const isTimedOut = (member.timedOutUntil ?? 0) > state.now();
  return isTimedOut ? bits & bitsOf(['ViewChannel', 'ReadMessageHistory']) : bits;
}

/** @throws Refusal 50013 */
export function requireInGuild(state: DiscordState, guildId: string, ...names: PermissionName[]): void {
  if (lacks(botPermissions(state, guildId), names)) throw missingPermissions();
}

/** @throws Refusal 50001 if the bot cannot see the channel, 50013 if it lacks one of the permissions there */
export function requireInChannel(state: DiscordState, channel: StoredChannel, ...names: PermissionName[]): void {
  if (!isMember(state, channel.guildId)) throw missingAccess();
  const bits = botPermissions(state, channel.guildId, channel);
  if (lacks(bits, ['ViewChannel'])) throw missingAccess();
  if (lacks(bits, names)) throw missingPermissions();
}

/** @throws Refusal like `requireInChannel` if the bot may not unarchive this thread */
export function requireToUnarchive(state: DiscordState, thread: StoredChannel): void {
  const mayManage = !lacks(botPermissions(state, thread.guildId, thread), ['ManageThreads']);
  if (mayManage) return requireInChannel(state, thread);
  requireInChannel(state, thread, thread.locked ? 'ManageThreads' : 'SendMessagesInThreads');
}

/**
 * Without permission to join a voice channel, the bot has no access to it, even if it can see it. If it may join the
 * channel but cannot see it, only a permission is missing.
 *
 * @throws Refusal 50001, 50013
 */
export function requireToManage(state: DiscordState, channel: StoredChannel): void {
  if (joinIfVoice(channel).length === 0) return requireInChannel(state, channel, 'ManageChannels');
  if (!isMember(state, channel.guildId)) throw missingAccess();
  const bits = botPermissions(state, channel.guildId, channel);
  if (lacks(bits, ['Connect'])) throw missingAccess();
  if (lacks(bits, ['ViewChannel', 'ManageChannels'])) throw missingPermissions();
}

/** The channels of a guild that the bot can see. It can see a category if it can see one of its channels. */
export function visibleChannels(state: DiscordState, guildId: string): StoredChannel[] {
  const isVisible = (channel: StoredChannel) => !lacks(botPermissions(state, guildId, channel), ['ViewChannel']);
  const channels = state.channelsOf(guildId);
  const shown = new Set(channels.filter(isVisible).flatMap(({ id, parentId }) => [id, parentId]));
  return channels.filter(({ id }) => shown.has(id));
}

export function isMember(state: DiscordState, guildId: string): boolean {
  return state.guilds.has(guildId) && state.members.has(`${guildId}/${state.bot.id}`);
}

/** The permission to join, which reading messages of a voice channel needs. */
export function joinIfVoice({ type }: StoredChannel): PermissionName[] {
  return type === VOICE || type === STAGE ? ['Connect'] : [];
}

function lacks(bits: bigint, names: readonly PermissionName[]): boolean {
  return (bits & bitsOf(names)) !== bitsOf(names);
}
