import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * What the starboard does in a channel:
 * - `view`: see the channel, which everything else needs
 * - `read`: read its messages
 * - `change`: edit and delete posts
 * - `post`: create posts
 */
export type StarboardAction = 'view' | 'read' | 'change' | 'post';

/** Why the starboard of a guild does not work in one channel. */
@Entity({ name: 'starboard_problems' })
export class StarboardProblem {
  @PrimaryColumn('bigint', { name: 'guild_id' })
  guildId: string;

  @PrimaryColumn('bigint', { name: 'channel_id' })
  channelId: string;

  /** The action that fails; others may work. `content`: reading members' text, which blocks no other action. */
  @Column('text')
  action: StarboardAction | 'content';

  /** One sentence for people. */
  @Column('text')
  problem: string;

  @Column({ type: 'timestamptz', precision: 3 })
  since: Date;

  /** The last occurrence. */
  @Column({ type: 'timestamptz', name: 'seen_at', precision: 3 })
  seenAt: Date;

  /** The next attempt. Until then the action is not tried in this channel. */
  @Column({ type: 'timestamptz', name: 'retry_at', precision: 3 })
  retryAt: Date;

  /** Consecutive failures. */
  @Column('integer')
  attempts: number;
}
