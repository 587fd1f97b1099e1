import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * Of an entry:
 * - `reserved`: it is being posted, or nobody knows whether it was
 * - `posted`: it stands in Discord
 * - `removing`: we are deleting it
 * - `withdrawn`: somebody deleted the post, and there will be no other
 */
export type StarboardEntryState = 'reserved' | 'posted' | 'removing' | 'withdrawn';

/** A starred message and what became of it on the guild's starboard. */
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

  /** Who wrote the starred message. */
  @Column('bigint', { name: 'author_id' })
  authorId: string;

  /** Who wrote what the starred message forwards; null when it forwards nothing, or when that is not known. */
  @Column('bigint', { name: 'origin_author_id', nullable: true })
  originAuthorId: string | null;

  /** Whom the post names as the author of what the message answers; 0: nobody; null where that is not known. */
  @Column('bigint', { name: 'reply_author_id', nullable: true })
  replyAuthorId: string | null;

  @Column('text', { default: 'withdrawn' })
  state: StarboardEntryState;

  /** The starboard channel in which the entry was reserved; null only when withdrawn. */
  @Column('bigint', { name: 'entry_channel_id', nullable: true })
  entryChannelId: string | null;

  /** The post in Discord, once it is known. */
  @Column('bigint', { name: 'entry_message_id', nullable: true })
  entryMessageId: string | null;

  /** What the post shows; null where that is not known. */
  @Column('integer', { name: 'star_count', nullable: true })
  starCount: number | null;

  /** Before it was first sent to Discord. */
  @Column({ type: 'timestamptz', name: 'reserved_at', precision: 3, nullable: true })
  reservedAt: Date | null;

  @Column({ type: 'timestamptz', name: 'updated_at', precision: 3, nullable: true })
  updatedAt: Date | null;

  /** When the message is looked at without an event; null: only when the starboard is switched on again. */
  @Column({ type: 'timestamptz', name: 'look_at', precision: 3, nullable: true })
  lookAt: Date | null;
}
