import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A starred message that stands on the guild's starboard. */
@Entity({ name: 'starboard_entries' })
@Index('starboard_entries_by_author', ['guildId', 'authorId'])
export class StarboardEntry {
  @PrimaryColumn('bigint', { name: 'guild_id' })
  guildId: string;

  /** The starred message. */
  @PrimaryColumn('bigint', { name: 'message_id' })
  messageId: string;

  /** The channel of the starred message. */
  @Column('bigint', { name: 'channel_id' })
  channelId: string;

  /** Who wrote the starred message. */
  @Column('bigint', { name: 'author_id' })
  authorId: string;
}
