import {
  isThread,
  type DiscordState,
  type StoredAttachment,
  type StoredBody,
  type StoredChannel,
  type StoredGuild,
  type StoredMember,
  type StoredMessage,
  type StoredRole,
  type StoredUser,
} from './discord-state.js';

/** The fields that Discord empties in a message that the bot may not read. It keeps stickers. */
const EMPTY_BODY = { content: '', attachments: [], embeds: [], components: [], poll: undefined };
const FILE_SCHEME = 'attachment://';
const PICTURES = ['image', 'thumbnail'] as const;

/** Makes the responses of Discord from the state. Fields that the state does not have get plain values. */
export class DiscordAnswers {
  constructor(
    private readonly state: DiscordState,
    /** The base URL of attachments. */
    private readonly cdnUrl: string,
  ) {}

  user({ id, username, globalName, avatar, isBot }: StoredUser) {
    return {
      id,
      username,
      global_name: globalName,
      avatar,
      discriminator: '0',
      public_flags: 0,
      flags: 0,
      primary_guild: null,
      ...(isBot && { bot: true }),
    };
  }

  self(user: StoredUser) {
    return { ...this.user(user), mfa_enabled: true, locale: 'en-US' };
  }

  guild(guild: StoredGuild, withCounts: boolean) {
    return {
      id: guild.id,
      name: guild.name,
      icon: guild.icon,
      description: null,
      home_header: null,
      splash: null,
      discovery_splash: null,
      features: guild.features,
      banner: null,
      owner_id: guild.ownerId,
      application_id: null,
      region: 'us-west',
      afk_channel_id: null,
      afk_timeout: 300,
      system_channel_id: null,
      system_channel_flags: 0,
      widget_enabled: false,
      widget_channel_id: null,
      verification_level: 1,
      roles: this.roles(guild.id),
      default_message_notifications: 0,
      mfa_level: 0,
      explicit_content_filter: 0,
      max_presences: null,
      max_members: 500_000,
      max_stage_video_channel_users: 50,
      max_video_channel_users: 25,
      vanity_url_code: null,
      premium_tier: guild.premiumTier,
      premium_subscription_count: guild.premiumSubscriptionCount,
      preferred_locale: 'en-US',
      rules_channel_id: null,
      safety_alerts_channel_id: null,
      public_updates_channel_id: null,
      premium_progress_bar_enabled: false,
      nsfw: false,
      nsfw_level: 0,
      emojis: [],
      stickers: [],
      incidents_data: null,
      ...(withCounts && {
        approximate_member_count: guild.memberCount,
        approximate_presence_count: guild.presenceCount,
      }),
    };
  }

  /** A guild in the list of a user's guilds. */
  partialGuild({ id, name, icon, features }: StoredGuild, isOwner: boolean, permissions: bigint) {
    return { id, name, icon, banner: null, owner: isOwner, permissions: permissions.toString(), features };
  }

  roles(guildId: string) {
    return [...this.state.roles.values()].filter((role) => role.guildId === guildId).map((role) => this.role(role));
  }

  role({ id, name, color, position, permissions }: StoredRole) {
    return {
      id,
      name,
      color,
      colors: { primary_color: color, secondary_color: null, tertiary_color: null },
      position,
      permissions: permissions.toString(),
      hoist: false,
      managed: false,
      mentionable: false,
      icon: null,
      unicode_emoji: null,
      flags: 0,
    };
  }

  member({ userId, roleIds, timedOutUntil }: StoredMember) {
    return {
      user: this.user(this.state.users.get(userId)!),
      roles: roleIds,
      nick: null,
      avatar: null,
      banner: null,
      communication_disabled_until: timedOutUntil === undefined ? null : new Date(timedOutUntil).toISOString(),
      flags: 0,
      joined_at: '2025-06-01T12:00:00.000Z',
      pending: false,
      premium_since: null,
      mute: false,
      deaf: false,
    };
  }

  channel(channel: StoredChannel) {
    const { id, type, guildId, name, parentId, position } = channel;
    const everywhere = { id, type, guild_id: guildId, name, parent_id: parentId, flags: 0 };
    if (isThread(channel)) return { ...everywhere, ...this.threadFields(channel) };
    return {
      ...everywhere,
      position,
      nsfw: channel.nsfw,
      permission_overwrites: channel.overwrites.map(({ id: of, type: kind, allow, deny }) => ({
        id: of,
        type: kind,
        allow: allow.toString(),
        deny: deny.toString(),
      })),
      ...(type === 0 && { topic: channel.topic, last_message_id: null, rate_limit_per_user: 0 }),
      ...(type === 2 && { bitrate: 64_000, user_limit: 0, rtc_region: null }),
    };
  }

  message(message: StoredMessage) {
    const { id, channelId, authorId, reference, webhookId, editedAt } = message;
    return {
      id,
      channel_id: channelId,
      author: webhookId
        ? this.user({ id: webhookId, username: 'webhook', globalName: null, avatar: null, isBot: true })
        : this.user(this.state.users.get(authorId)!),
      ...this.messageBody(this.isReadable(message) ? message : { ...message, ...EMPTY_BODY }),
      mentions: message.mentionedIds.map((userId) => this.user(this.state.users.get(userId)!)),
      type: message.type,
      timestamp: new Date(timeOf(id)).toISOString(),
      edited_timestamp: editedAt === undefined ? null : new Date(editedAt).toISOString(),
      pinned: false,
      mention_everyone: false,
      tts: false,
      ...(webhookId && { webhook_id: webhookId }),
      ...(reference && {
        message_reference: {
          type: reference.type,
          ...(reference.guildId !== undefined && { guild_id: reference.guildId }),
          channel_id: reference.channelId,
          message_id: reference.messageId,
        },
      }),
      ...(message.snapshots.length > 0 && {
        message_snapshots: message.snapshots.map((snapshot) => ({
          message: {
            type: 0,
            ...this.messageBody({ ...(this.isReadable(message) ? snapshot : EMPTY_BODY), channelId }),
            timestamp: new Date(timeOf(id)).toISOString(),
            edited_timestamp: null,
          },
        })),
      }),
      ...(message.reactions.size > 0 && { reactions: this.reactions(message) }),
    };
  }

  attachmentPath(channelId: string, { id, filename }: StoredAttachment): string {
    return `/attachments/${channelId}/${id}/${encodeURIComponent(filename)}`;
  }

  private isReadable({ authorId, mentionedIds }: StoredMessage): boolean {
    const { bot, hasMessageContent } = this.state;
    return hasMessageContent || authorId === bot.id || mentionedIds.includes(bot.id);
  }

  private messageBody(message: StoredBody & { channelId: string }) {
    const { content, attachments, embeds, channelId, components = [], sticker_items, poll } = message;
    // A file that an embed shows is not listed as an attachment.
    const isShown = ({ filename }: StoredAttachment) => embeds.some((embed) => picturesOf(embed).includes(filename));
    return {
      content,
      attachments: attachments
        .filter((attachment) => !isShown(attachment))
        .map((attachment) => this.attachment(channelId, attachment)),
      embeds: embeds.map((embed) => this.embed(channelId, embed, attachments)),
      mentions: [],
      mention_roles: [],
      components,
      flags: 0,
      ...(sticker_items && { sticker_items }),
      ...(poll && { poll }),
    };
  }

  /** The embed with the URLs of its pictures. */
  private embed(channelId: string, embed: Record<string, unknown>, attachments: readonly StoredAttachment[]) {
    const pictures = PICTURES.flatMap((part) => {
      const picture = embed[part] as { url?: string } | undefined;
      const attachment = attachments.find(({ filename }) => picture?.url === FILE_SCHEME + filename);
      return attachment ? [[part, { ...picture, url: this.attachment(channelId, attachment).url }] as const] : [];
    });
    return { ...embed, ...Object.fromEntries(pictures) };
  }

  private attachment(channelId: string, attachment: StoredAttachment) {
    const { id, filename, contentType, data, description, flags, duration_secs, waveform } = attachment;
    const url = this.cdnUrl + this.attachmentPath(channelId, attachment);
    return {
      id,
      filename,
      size: data.byteLength,
      url,
      proxy_url: url,
      content_type: contentType,
      ...(description !== undefined && { description }),
      ...(flags !== undefined && { flags }),
      ...(waveform !== undefined && { duration_secs, waveform }),
    };
  }

  private reactions({ reactions }: StoredMessage) {
    return [...reactions].map(([name, users]) => ({
      emoji: { id: null, name },
      count: users.size,
      count_details: { burst: 0, normal: users.size },
      burst_colors: [],
      me_burst: false,
      me: users.has(this.state.bot.id),
    }));
  }

  private threadFields({ archived, locked }: StoredChannel) {
    return {
      owner_id: this.state.bot.id,
      thread_metadata: {
        archived,
        archive_timestamp: '2025-06-01T12:00:00.000Z',
        auto_archive_duration: 1440,
        locked,
      },
      message_count: 0,
      member_count: 1,
      total_message_sent: 0,
    };
  }
}

/** The names of the files of the message that the embed shows. */
function picturesOf(embed: Record<string, unknown>): string[] {
  return PICTURES.map((part) => (embed[part] as { url?: string } | undefined)?.url ?? '')
    .filter((url) => url.startsWith(FILE_SCHEME))
    .map((url) => url.slice(FILE_SCHEME.length));
}

/** The time of a snowflake in Unix milliseconds. */
function timeOf(id: string): number {
  return Number(BigInt(id) >> 22n) + 1_420_070_400_000;
}
