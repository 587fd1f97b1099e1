import { QUEUES, type QueueName } from './topology.js';
import type { FieldSpecs } from './read-fields.js';

export interface GuildEvent {
  queue: QueueName;
  title: string;
  fields: FieldSpecs;
}

const guildId = { type: 'snowflake', required: true, description: 'The guild' } as const;
const channelId = { type: 'snowflake', required: true, description: 'The channel' } as const;
const messageId = { type: 'snowflake', required: true, description: 'The message' } as const;
const occurredAt = { type: 'instant', required: false, description: 'When it happened' } as const;
const count = { type: 'count', required: false } as const;

/** The events that are not statistics. The key is the name and the routing key. */
export const GUILD_EVENTS = {
  'star.added': {
    queue: QUEUES.starboard,
    title: 'A ⭐ reaction was added to a message',
    fields: { guild_id: guildId, channel_id: channelId, message_id: messageId },
  },
  'star.removed': {
    queue: QUEUES.starboard,
    title: 'A ⭐ reaction was removed from a message, or the message was deleted',
    fields: { guild_id: guildId, channel_id: channelId, message_id: messageId },
  },
  'channel.deleted': {
    queue: QUEUES.guilds,
    title: 'A channel of the guild was deleted',
    fields: { guild_id: guildId, channel_id: channelId },
  },
  'guild.snapshot': {
    queue: QUEUES.guilds,
    title: 'The current counts of a guild',
    fields: {
      guild_id: guildId,
      member_count: { ...count, description: 'How many members there are, bots included' },
      bot_count: { ...count, description: 'How many of the members are bots' },
      online_member_count: {
        ...count,
        description: 'How many members are not offline, as Discord counts them: idle ones included',
      },
      idle_member_count: { ...count, description: 'How many members are idle' },
      dnd_member_count: { ...count, description: 'How many members do not want to be disturbed' },
      offline_member_count: { ...count, description: 'How many members are offline or invisible' },
      voice_member_count: { ...count, description: 'How many members are in voice and stage channels' },
      server_boost_count: { ...count, description: 'How many boosts there are' },
      channel_count: { ...count, description: 'How many channels there are' },
      role_count: { ...count, description: 'How many roles there are' },
      role_member_counts: {
        type: 'countsById',
        required: false,
        description: 'How many members have a role, by the id of the role',
      },
      online_role_member_counts: {
        type: 'countsById',
        required: false,
        description: 'How many members with a role are online, by the id of the role',
      },
      occurred_at: occurredAt,
    },
  },
  'guild.deleted': {
    queue: QUEUES.guilds,
    title: "The bot left the guild (not Discord's notice of an outage)",
    fields: {
      guild_id: guildId,
      occurred_at: occurredAt,
      unavailable: {
        type: 'notTrue',
        required: false,
        description: "Discord's notice of an outage has true, and must not be published",
      },
    },
  },
  'counter_panel.refresh': {
    queue: QUEUES.guilds,
    title: 'Refresh the counter panels of one guild or of all guilds',
    fields: { guild_id: { type: 'snowflake', required: false, description: 'The guild; without it, all guilds' } },
  },
} as const satisfies Record<string, GuildEvent>;

export type GuildEventName = keyof typeof GUILD_EVENTS;
