import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What is known of a channel that shows a count. */
@Entity({ name: 'counter_panel_channels' })
export class CounterPanelChannel {
  @PrimaryColumn('bigint', { name: 'guild_id' })
  guildId: string;

  @PrimaryColumn('bigint', { name: 'channel_id' })
  channelId: string;

  /** What Discord took last; null before the first time. */
  @Column('text', { name: 'shown_name', nullable: true })
  shownName: string | null;

  @Column({ type: 'timestamptz', name: 'shown_at', precision: 3, nullable: true })
  shownAt: Date | null;

  /** Discord allows two renames in ten minutes; those that may not have been done count too. */
  @Column({ type: 'timestamptz', name: 'last_renamed_at', precision: 3, nullable: true })
  lastRenamedAt: Date | null;

  @Column({ type: 'timestamptz', name: 'previously_renamed_at', precision: 3, nullable: true })
  previouslyRenamedAt: Date | null;

  /** Discord takes no rename before that time. */
  @Column({ type: 'timestamptz', name: 'limited_until', precision: 3, nullable: true })
  limitedUntil: Date | null;

  /** After failures that time alone does not mend, the next try. */
  @Column({ type: 'timestamptz', name: 'paused_until', precision: 3, nullable: true })
  pausedUntil: Date | null;

  /** Whether it waits as its count could not be read: once the count is known, it waits no longer. */
  @Column('boolean', { name: 'counts_unread' })
  countsUnread: boolean;

  /** Failures since the last success. */
  @Column('integer')
  attempts: number;

  /** One sentence for people. */
  @Column('text', { name: 'last_error', nullable: true })
  lastError: string | null;
}
