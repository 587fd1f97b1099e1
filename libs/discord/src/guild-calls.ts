import { AnswerFields } from './answer-fields.js';
import { readChannel, type DiscordChannel } from './channel-calls.js';
import type { DiscordRequests } from './discord-requests.js';
import { readUser, type DiscordUser, type UserCalls } from './user-calls.js';

export interface DiscordGuild {
  id: string;
  name: string;
  ownerId: string;
  /** The icon's hash in Discord's CDN. Null without an icon. */
  icon: string | null;
  /** 0 to 3. Determines the maximum size of uploads. */
  premiumTier: number;
  /** The number of boosts. Undefined if Discord does not say. */
  premiumSubscriptionCount?: number;
  approximateMemberCount?: number;
  /** The number of online members. */
  approximatePresenceCount?: number;
}

export interface DiscordRole {
  id: string;
  name: string;
  /** 0xRRGGBB; 0 for none. */
  color: number;
  position: number;
  permissions: bigint;
}

export interface DiscordMember {
  userId: string;
  /** Without `@everyone`, whose id is that of the guild. */
  roleIds: string[];
  /** Unix milliseconds. Undefined without a timeout. */
  timedOutUntil?: number;
}

/** Calls about a guild. Every method throws DiscordError, or the signal's reason. */
export class GuildCalls {
  constructor(
    private readonly requests: DiscordRequests,
    private readonly users: UserCalls,
  ) {}

  /** The guild with its counts. */
  async get(guildId: string, signal: AbortSignal): Promise<DiscordGuild> {
    const query = new URLSearchParams({ with_counts: 'true' });
    return this.requests.read({ path: `/guilds/${guildId}`, guildId, query }, readGuild, signal);
  }

  /** All channels except threads. */
  async channels(guildId: string, signal: AbortSignal): Promise<DiscordChannel[]> {
    const path = `/guilds/${guildId}/channels` as const;
    return this.requests.read({ path, guildId }, (answer) => AnswerFields.each(answer, readChannel), signal);
  }

  async roles(guildId: string, signal: AbortSignal): Promise<DiscordRole[]> {
    const path = `/guilds/${guildId}/roles` as const;
    return this.requests.read({ path, guildId }, (answer) => AnswerFields.each(answer, readRole), signal);
  }

  /** A member of the guild as its members see them: with the nickname, if there is one. */
  async memberUser(guildId: string, userId: string, signal: AbortSignal): Promise<DiscordUser> {
    const path = `/guilds/${guildId}/members/${userId}` as const;
    return this.requests.read({ path, guildId }, readMemberUser, signal);
  }

  /** The bot as a member of this guild. */
  async self(guildId: string, signal: AbortSignal): Promise<DiscordMember> {
    const { id: userId } = await this.users.self(signal);
    const path = `/guilds/${guildId}/members/${userId}` as const;
    return this.requests.read({ path, guildId }, (answer) => readMember(answer, userId), signal);
  }
}

function readGuild(answer: unknown): DiscordGuild {
  const fields = AnswerFields.of(answer);
  return {
    id: fields.id('id'),
    name: fields.text('name') ?? '',
    ownerId: fields.id('owner_id'),
    icon: fields.text('icon') ?? null,
    premiumTier: fields.number('premium_tier') ?? 0,
    premiumSubscriptionCount: fields.number('premium_subscription_count'),
    approximateMemberCount: fields.number('approximate_member_count'),
    approximatePresenceCount: fields.number('approximate_presence_count'),
  };
}

function readRole(fields: AnswerFields): DiscordRole {
  return {
    id: fields.id('id'),
    name: fields.text('name') ?? '',
    color: fields.number('color') ?? 0,
    position: fields.number('position') ?? 0,
    permissions: fields.bits('permissions'),
  };
}

function readMemberUser(answer: unknown): DiscordUser {
  const fields = AnswerFields.of(answer);
  const user = readUser(fields.requiredObject('user'));
  return { ...user, name: fields.text('nick') ?? user.name };
}

function readMember(answer: unknown, userId: string): DiscordMember {
  const fields = AnswerFields.of(answer);
  const timedOutUntil = Date.parse(fields.text('communication_disabled_until') ?? '');
  return {
    userId,
    roleIds: fields.ids('roles'),
    timedOutUntil: Number.isNaN(timedOutUntil) ? undefined : timedOutUntil,
  };
}
