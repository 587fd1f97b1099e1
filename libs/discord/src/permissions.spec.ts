import {
  missingPermissions,
  namePermissions,
  permissionsOf,
  type DiscordPermission,
  type PermissionContext,
} from './permissions.js';

const GUILD = '1';
const OWNER = '2';
const BOT = '3';
const HELPER = '4';
const MUTED = '5';
const NOW = Date.UTC(2026, 0, 1);

const VIEW = 1n << 10n;
const SEND = 1n << 11n;
const MANAGE_CHANNELS = 1n << 4n;
const ADMINISTRATOR = 1n << 3n;

/** The bot may view channels, like everybody, and send messages, like helpers. */
const context = (changes: Partial<PermissionContext> = {}): PermissionContext => ({
  guild: { id: GUILD, ownerId: OWNER },
  roles: [
    { id: GUILD, permissions: VIEW },
    { id: HELPER, permissions: SEND },
    { id: MUTED, permissions: 0n },
    { id: '9', permissions: MANAGE_CHANNELS },
  ],
  member: { userId: BOT, roleIds: [HELPER, MUTED] },
  now: NOW,
  ...changes,
});
const overwrite = (id: string, of: 'role' | 'member', allow: bigint, deny: bigint) => ({ id, of, allow, deny });
const inChannel = (...overwrites: ReturnType<typeof overwrite>[]) => context({ channel: { overwrites } });

describe('permissionsOf', () => {
  it('adds up the permissions of @everyone and of the roles of the member', () => {
    expect(permissionsOf(context())).toBe(VIEW | SEND);
  });

  it('gives the owner and administrators all permissions, whatever the channel denies', () => {
    const overwrites = [overwrite(GUILD, 'role', 0n, VIEW)];
    const owner = context({ member: { userId: OWNER, roleIds: [] }, channel: { overwrites } });
    const roles = [{ id: HELPER, permissions: ADMINISTRATOR }];
    const administrator = context({ roles, channel: { overwrites } });
    const all: DiscordPermission[] = ['ViewChannel', 'ManageChannels', 'ManageRoles', 'SendMessagesInThreads'];
    expect([missingPermissions(owner, all), missingPermissions(administrator, all)]).toEqual([[], []]);
  });

  it('lets roles override @everyone, and the member override roles', () => {
    const everybody = overwrite(GUILD, 'role', 0n, SEND);
    const helpers = overwrite(HELPER, 'role', SEND, 0n);
    const bot = overwrite(BOT, 'member', 0n, SEND);
    expect(permissionsOf(inChannel(everybody)) & SEND).toBe(0n);
    expect(permissionsOf(inChannel(helpers, everybody)) & SEND).toBe(SEND);
    expect(permissionsOf(inChannel(bot, helpers, everybody)) & SEND).toBe(0n);
  });

  it('lets the allow of one role win over the deny of another', () => {
    const channel = inChannel(overwrite(MUTED, 'role', 0n, SEND), overwrite(HELPER, 'role', SEND, 0n));
    expect(permissionsOf(channel) & SEND).toBe(SEND);
  });

  it('ignores overwrites of other roles and members', () => {
    const channel = inChannel(overwrite('9', 'role', MANAGE_CHANNELS, VIEW), overwrite(OWNER, 'member', 0n, VIEW));
    expect(permissionsOf(channel)).toBe(VIEW | SEND);
  });

  it('limits a member in a timeout to reading, until the timeout ends', () => {
    const until = (timedOutUntil: number) =>
      permissionsOf(context({ member: { userId: BOT, roleIds: [HELPER], timedOutUntil } }));
    expect(until(NOW + 1)).toBe(VIEW);
    expect(until(NOW)).toBe(VIEW | SEND);
  });
});

describe('missingPermissions', () => {
  it('names the missing permissions in the order of the needed ones', () => {
    expect(missingPermissions(context(), ['ManageChannels', 'SendMessages', 'Connect'])).toEqual([
      'ManageChannels',
      'Connect',
    ]);
  });

  it('names all permissions in a channel that the bot cannot see', () => {
    const hidden = inChannel(overwrite(GUILD, 'role', 0n, VIEW));
    expect(missingPermissions(hidden, ['SendMessages'])).toEqual(['ViewChannel', 'SendMessages']);
  });
});

describe('namePermissions', () => {
  it('writes a list in English', () => {
    expect(namePermissions(['ManageChannels'])).toBe('Manage Channels');
    expect(namePermissions(['ViewChannel', 'ManageChannels', 'Connect'])).toBe(
      'View Channel, Manage Channels and Connect',
    );
  });
});
