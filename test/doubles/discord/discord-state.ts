import { bitsOf, type PermissionName } from './permission-bits.js';
import { unknownChannel, unknownGuild, unknownMember, unknownMessage } from './refusal.js';
import { Snowflakes } from './snowflakes.js';

export interface StoredUser {
  id: string;
  username: string;
  globalName: string | null;
  avatar: string | null;
  isBot: boolean;
}

export interface StoredGuild {
  id: string;
  name: string;
  ownerId: string;
  icon: string | null;
  features: string[];
  premiumTier: 0 | 1 | 2 | 3;
  premiumSubscriptionCount: number;
  memberCount: number;
  presenceCount: number;
}

export interface StoredRole {
  id: string;
  guildId: string;
  name: string;
  color: number;
  position: number;
  permissions: bigint;
}

export interface StoredMember {
  guildId: string;
  userId: string;
  roleIds: string[];
  /** Unix milliseconds. */
  timedOutUntil?: number;
}

export interface StoredOverwrite {
  id: string;
  /** 0 for a role, 1 for a member. */
  type: 0 | 1;
  allow: bigint;
  deny: bigint;
}

export interface StoredChannel {
  id: string;
  guildId: string;
  /** Discord's number of the type: 0 text, 2 voice, 4 category, 11 public thread. */
  type: number;
  name: string;
  parentId: string | null;
  nsfw: boolean;
  position: number;
  topic: string | null;
  overwrites: StoredOverwrite[];
  /** Only for threads. */
  archived: boolean;
  locked: boolean;
}

export interface StoredAttachment {
  id: string;
  filename: string;
  contentType: string;
  data: Uint8Array;
  description?: string;
  /** Bits. 8 marks a spoiler. */
  flags?: number;
  /** Only for voice messages. */
  duration_secs?: number;
  waveform?: string;
}

/** The contents of a message, or of the original in a forward. */
export interface StoredBody {
  content: string;
  attachments: StoredAttachment[];
  /** In the form of Discord's responses, like the following fields. */
  embeds: Record<string, unknown>[];
  components?: Record<string, unknown>[];
  sticker_items?: { id: string; name: string; format_type: number }[];
  poll?: Record<string, unknown>;
}

export interface StoredMessage extends StoredBody {
  id: string;
  channelId: string;
  authorId: string;
  reference?: { type: 0 | 1; guildId?: string; channelId: string; messageId: string };
  /** The originals in a forward. */
  snapshots: StoredBody[];
  mentionedIds: string[];
  type: number;
  webhookId?: string;
  /** Unix milliseconds. */
  editedAt?: number;
  /** As in the request. Undefined if the request did not have it. */
  allowedMentions?: unknown;
  /** The ids of the users who reacted, by emoji. */
  reactions: Map<string, Set<string>>;
}

export type NewGuild = Partial<StoredGuild> & {
  /** The permissions of the bot's role. @everyone has none. @defaultValue all of this double except Administrator */
  botPermissions?: readonly PermissionName[];
};
export type NewChannel = Partial<StoredChannel> & { guildId: string };
export type NewAttachment = Partial<StoredAttachment>;
export type NewMessage = Partial<Omit<StoredMessage, 'attachments' | 'reactions'>> & {
  channelId: string;
  attachments?: NewAttachment[];
};

const USUAL_PERMISSIONS: readonly PermissionName[] = [
  'ManageChannels',
  'ViewChannel',
  'SendMessages',
  'EmbedLinks',
  'AttachFiles',
  'ReadMessageHistory',
  'Connect',
  'ManageRoles',
  'SendMessagesInThreads',
];
const STAR = '⭐';

/** The state of the double. Tests set it up and read it, and requests read and change it. */
export class DiscordState {
  readonly users = new Map<string, StoredUser>();
  readonly guilds = new Map<string, StoredGuild>();
  readonly roles = new Map<string, StoredRole>();
  readonly channels = new Map<string, StoredChannel>();
  readonly messages = new Map<string, StoredMessage>();
  /** The key is `<guild>/<user>`. */
  readonly members = new Map<string, StoredMember>();
  readonly bot: StoredUser;
  /** Whether the bot has the Message Content intent. Without it, it sees only contents that mention it, and its own. */
  hasMessageContent = true;
  private readonly ids: Snowflakes;

  constructor(readonly now: () => number) {
    this.ids = new Snowflakes(now);
    this.bot = this.addUser({ username: 'serverstats', isBot: true });
  }

  newId(): string {
    return this.ids.next();
  }

  addUser(user: Partial<StoredUser> = {}): StoredUser {
    const id = user.id ?? this.newId();
    const stored = { id, username: `user-${id}`, globalName: null, avatar: null, isBot: false, ...user };
    this.users.set(id, stored);
    return stored;
  }

  /** Adds a guild with the bot, the @everyone role and the role of the bot. */
  addGuild({ botPermissions = USUAL_PERMISSIONS, ...guild }: NewGuild = {}): StoredGuild {
    const id = guild.id ?? this.newId();
    const stored: StoredGuild = {
      id,
      name: 'Made up',
      ownerId: guild.ownerId ?? this.addUser().id,
      icon: null,
      features: [],
      premiumTier: 0,
      premiumSubscriptionCount: 0,
      memberCount: 100,
      presenceCount: 10,
      ...guild,
    };
    this.guilds.set(id, stored);
    this.addRole({ id, guildId: id, name: '@everyone', position: 0 });
    const role = this.addRole({ guildId: id, name: this.bot.username, permissions: bitsOf(botPermissions) });
    this.addMember({ guildId: id, userId: this.bot.id, roleIds: [role.id] });
    return stored;
  }

  addRole(role: Partial<StoredRole> & { guildId: string }): StoredRole {
    const id = role.id ?? this.newId();
    const stored = { id, name: `role-${id}`, color: 0, position: 1, permissions: 0n, ...role };
    this.roles.set(id, stored);
    return stored;
  }

  addMember(member: Partial<StoredMember> & { guildId: string; userId: string }): StoredMember {
    const stored = { roleIds: [], ...member };
    this.members.set(`${member.guildId}/${member.userId}`, stored);
    return stored;
  }

  addChannel(channel: NewChannel): StoredChannel {
    const id = channel.id ?? this.newId();
    const stored: StoredChannel = {
      id,
      type: 0,
      name: `channel-${id}`,
      parentId: null,
      nsfw: false,
      position: this.channelsOf(channel.guildId).length,
      topic: null,
      overwrites: [],
      archived: false,
      locked: false,
      ...channel,
    };
    this.channels.set(id, stored);
    return stored;
  }

  /** Denies the bot these permissions in the channel. */
  denyBot(channelId: string, ...names: PermissionName[]): void {
    const { overwrites } = this.channel(channelId);
    overwrites.push({ id: this.bot.id, type: 1, allow: 0n, deny: bitsOf(names) });
  }

  addMessage({ attachments = [], ...message }: NewMessage): StoredMessage {
    const id = message.id ?? this.newId();
    const stored: StoredMessage = {
      id,
      authorId: message.authorId ?? this.addUser().id,
      content: '',
      embeds: [],
      snapshots: [],
      mentionedIds: [],
      type: 0,
      ...message,
      attachments: attachments.map((attachment) => this.newAttachment(attachment)),
      reactions: new Map(),
    };
    this.messages.set(id, stored);
    return stored;
  }

  newAttachment(attachment: NewAttachment): StoredAttachment {
    const data = attachment.data ?? new Uint8Array([0x89, 0x50, 0x4e, 0x47]);
    return { id: this.newId(), filename: 'image.png', contentType: 'image/png', ...attachment, data };
  }

  /** Without user ids, one new user reacts. */
  addReaction(messageId: string, userIds: readonly string[] = [this.addUser().id], emoji = STAR): void {
    const { reactions } = this.message(messageId);
    reactions.set(emoji, new Set([...(reactions.get(emoji) ?? []), ...userIds]));
  }

  removeReaction(messageId: string, userId: string, emoji = STAR): void {
    this.message(messageId).reactions.get(emoji)?.delete(userId);
  }

  deleteMessage(messageId: string): void {
    this.messages.delete(messageId);
  }

  /** Deletes a channel with its messages. The channels of a category are kept. */
  deleteChannel(channelId: string): void {
    this.channels.delete(channelId);
    for (const channel of this.channels.values()) if (channel.parentId === channelId) channel.parentId = null;
    for (const message of this.messagesOf(channelId)) this.messages.delete(message.id);
  }

  /** Removes the bot from the guild. @returns a function that adds it again with the same roles */
  kickBot(guildId: string): () => void {
    const member = this.member(guildId, this.bot.id);
    this.members.delete(`${guildId}/${this.bot.id}`);
    return () => void this.addMember(member);
  }

  /** Deletes a guild with its channels and messages. */
  deleteGuild(guildId: string): void {
    this.guilds.delete(guildId);
    for (const { id } of this.channelsOf(guildId)) this.deleteChannel(id);
  }

  /** @throws Refusal */
  guild(id: string): StoredGuild {
    return found(this.guilds.get(id), unknownGuild);
  }

  /** @throws Refusal */
  channel(id: string): StoredChannel {
    return found(this.channels.get(id), unknownChannel);
  }

  /** @throws Refusal */
  message(id: string, channelId = this.messages.get(id)?.channelId): StoredMessage {
    const message = this.messages.get(id);
    return found(message?.channelId === channelId ? message : undefined, unknownMessage);
  }

  /** @throws Refusal */
  member(guildId: string, userId: string): StoredMember {
    return found(this.members.get(`${guildId}/${userId}`), unknownMember);
  }

  channelsOf(guildId: string): StoredChannel[] {
    return [...this.channels.values()].filter((channel) => channel.guildId === guildId);
  }

  messagesOf(channelId: string): StoredMessage[] {
    return [...this.messages.values()].filter((message) => message.channelId === channelId);
  }

  /** The parent channel of a thread. For other channels, the channel itself. */
  threadParent(channel: StoredChannel): StoredChannel {
    return isThread(channel) && channel.parentId ? this.channel(channel.parentId) : channel;
  }
}

export function isThread({ type }: Pick<StoredChannel, 'type'>): boolean {
  return type >= 10 && type <= 12;
}

function found<T>(object: T | undefined, refusal: () => Error): T {
  if (object === undefined) throw refusal();
  return object;
}
