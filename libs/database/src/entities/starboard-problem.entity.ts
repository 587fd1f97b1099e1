import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * What the starboard does in a channel:
 * - `view`: anything at all
 * - `read`: read its messages
 * - `change`: edit and delete posts
 * - `post`: make new ones
 */
export type StarboardAction = 'view' | 'read' | 'change' | 'post';

/** What keeps the starboard of a guild from working in one channel. */
@Entity({ name: 'starboard_problems' })
export class StarboardProblem {
  @PrimaryColumn('bigint', { name: 'guild_id' })
  guildId: string;

  @PrimaryColumn('bigint', { name: 'channel_id' })
  channelId: string;

  /** What does not work; others may. `content`: seeing what members write, which holds nothing back. */
  @Column('text')
  action: StarboardAction | 'content';

  /** One sentence for people. */
  @Column('text')
  problem: string;

  @Column({ type: 'timestamptz', precision: 3 })
  since: Date;

  /** Met last. */
  @Column({ type: 'timestamptz', name: 'seen_at', precision: 3 })
  seenAt: Date;

  /** Until then the channel is left alone. */
  @Column({ type: 'timestamptz', name: 'retry_at', precision: 3 })
  retryAt: Date;

  /** In a row. */
  @Column('integer')
  attempts: number;
}
