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

  /** From then on the channel is removed by whoever finds the row. */
  @Column({ type: 'timestamptz', name: 'due_at', precision: 3 })
  dueAt: Date;

  /** The channel is to be removed; its request cannot store it any more. */
  @Column('boolean', { name: 'is_abandoned' })
  isAbandoned: boolean;
}
