import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * A channel that a request is creating, or has created but not stored yet. The row is written before the call to
 * Discord. So if the request crashes, the channel can be found and removed.
 */
@Entity({ name: 'counter_panel_creations' })
export class ChannelCreation {
  @PrimaryColumn('bigint', { name: 'guild_id' })
  guildId: string;

  @PrimaryColumn('uuid')
  id: string;

  @Column('bigint', { name: 'category_id' })
  categoryId: string;

  @Column('text', { name: 'channel_name' })
  channelName: string;

  /** Null until Discord has answered. */
  @Column('bigint', { name: 'channel_id', nullable: true })
  channelId: string | null;

  @Column({ type: 'timestamptz', name: 'begun_at', precision: 3 })
  begunAt: Date;

  /** From this time on, any worker may remove the channel. Null: the removal was given up. */
  @Column({ type: 'timestamptz', name: 'due_at', precision: 3, nullable: true })
  dueAt: Date | null;

  /** The channel has to be removed. Its request can no longer store it. */
  @Column('boolean', { name: 'is_abandoned' })
  isAbandoned: boolean;

  /** Attempts to remove the channel. */
  @Column('integer', { default: 0 })
  attempts: number;

  /** When the removal first failed. */
  @Column({ type: 'timestamptz', name: 'failing_since', precision: 3, nullable: true })
  failingSince: Date | null;

  /** Why the removal failed: one sentence for people. */
  @Column('text', { name: 'last_error', nullable: true })
  lastError: string | null;
}
