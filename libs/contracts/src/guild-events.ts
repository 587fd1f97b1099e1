import { QUEUES, type QueueName } from './topology.js';
import type { FieldSpecs } from './read-fields.js';

export interface GuildEvent {
  queue: QueueName;
  title: string;
  fields: FieldSpecs;
}

const snowflake = { type: 'snowflake', required: true } as const;
const occurredAt = { type: 'instant', required: false } as const;
const count = { type: 'count', required: false } as const;

/** The events that are not statistics. The key is the name and the routing key. */
export const GUILD_EVENTS = {
  'star.added': {
    queue: QUEUES.starboard,
    title: 'A ⭐ reaction was added to a message',
    fields: { guild_id: snowflake, channel_id: snowflake, message_id: snowflake },
  },
  'star.removed': {
    queue: QUEUES.starboard,
    title: 'A ⭐ reaction was removed from a message, or the message was deleted',
    fields: { guild_id: snowflake, channel_id: snowflake, message_id: snowflake },
  },
  'channel.deleted': {
    queue: QUEUES.guilds,
    title: 'A channel of the guild was deleted',
    fields: { guild_id: snowflake, channel_id: snowflake },
  },
  'guild.snapshot': {
    queue: QUEUES.guilds,
    title: 'The current counts of a guild',
    fields: {
      guild_id: snowflake,
      member_count: count,
      online_member_count: count,
      server_boost_count: count,
      online_role_member_counts: { type: 'countsById', required: false },
      occurred_at: occurredAt,
    },
  },
  'guild.deleted': {
    queue: QUEUES.guilds,
    title: "The bot left the guild (not Discord's notice of an outage)",
    fields: { guild_id: snowflake, occurred_at: occurredAt, unavailable: { type: 'notTrue', required: false } },
  },
  'counter_panel.refresh': {
    queue: QUEUES.guilds,
    title: 'Refresh the counter panels of one guild or of all guilds',
    fields: { guild_id: { type: 'snowflake', required: false } },
  },
} as const satisfies Record<string, GuildEvent>;

export type GuildEventName = keyof typeof GUILD_EVENTS;
