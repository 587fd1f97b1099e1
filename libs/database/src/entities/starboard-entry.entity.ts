import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * - `reserved`: the post is being created, or the outcome is unknown
 * - `posted`: the post exists in Discord
 * - `removing`: this system is deleting the post
 * - `withdrawn`: somebody deleted the post; the message is not posted again
 */
export type StarboardEntryState = 'reserved' | 'posted' | 'removing' | 'withdrawn';

/** A starred message and its post on the guild's starboard. */
@Entity({ name: 'starboard_entries' })
@Index('starboard_entries_by_author', ['guildId', 'authorId'])
@Index('starboard_entries_by_origin_author', ['guildId', 'originAuthorId'], { where: '(origin_author_id IS NOT NULL)' })
@Index('starboard_entries_by_reply_author', ['guildId', 'replyAuthorId'])
export class StarboardEntry {
  @PrimaryColumn('bigint', { name: 'guild_id' })
  guildId: string;

  /** The starred message. */
  @PrimaryColumn('bigint', { name: 'message_id' })
  messageId: string;

  /** The channel of the starred message. */
  @Column('bigint', { name: 'channel_id' })
  channelId: string;

  /** The author of the starred message. */
  @Column('bigint', { name: 'author_id' })
  authorId: string;

  /** The author of the message that the starred message forwards. Null if it forwards none or the author is unknown. */
  @Column('bigint', { name: 'origin_author_id', nullable: true })
  originAuthorId: string | null;

  /** The author of the message that the starred one replies to, if the post names them. 0: none; null: unknown. */
  @Column('bigint', { name: 'reply_author_id', nullable: true })
  replyAuthorId: string | null;

  @Column('text', { default: 'withdrawn' })
  state: StarboardEntryState;

  /** The starboard channel for which the entry was reserved. Null only if withdrawn. */
  @Column('bigint', { name: 'entry_channel_id', nullable: true })
  entryChannelId: string | null;

  /** The post in Discord. Null until it is known. */
  @Column('bigint', { name: 'entry_message_id', nullable: true })
  entryMessageId: string | null;

  /** The number that the post shows. Null if unknown. */
  @Column('integer', { name: 'star_count', nullable: true })
  starCount: number | null;

  /** A time before the post was first sent to Discord. */
  @Column({ type: 'timestamptz', name: 'reserved_at', precision: 3, nullable: true })
  reservedAt: Date | null;

  @Column({ type: 'timestamptz', name: 'updated_at', precision: 3, nullable: true })
  updatedAt: Date | null;

  /** When the message is next checked without an event. Null: only when the starboard is switched on again. */
  @Column({ type: 'timestamptz', name: 'look_at', precision: 3, nullable: true })
  lookAt: Date | null;
}
