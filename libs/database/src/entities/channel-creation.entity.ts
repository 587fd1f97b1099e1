import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * A channel that a request is about to create, or has created and not stored yet. It is written before Discord is
 * asked: a request that dies leaves it behind, and so the channel is found again.
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

  /** Null while Discord has not answered. */
  @Column('bigint', { name: 'channel_id', nullable: true })
  channelId: string | null;

  @Column({ type: 'timestamptz', name: 'begun_at', precision: 3 })
  begunAt: Date;

  /** From then on the channel is removed by whoever finds the row; null: that was given up. */
  @Column({ type: 'timestamptz', name: 'due_at', precision: 3, nullable: true })
  dueAt: Date | null;

  /** The channel is to be removed; its request cannot store it any more. */
  @Column('boolean', { name: 'is_abandoned' })
  isAbandoned: boolean;

  /** Attempts to remove the channel. */
  @Column('integer', { default: 0 })
  attempts: number;

  /** When the channel could not be removed for the first time. */
  @Column({ type: 'timestamptz', name: 'failing_since', precision: 3, nullable: true })
  failingSince: Date | null;

  /** Why the channel could not be removed: one sentence for people. */
  @Column('text', { name: 'last_error', nullable: true })
  lastError: string | null;
}
