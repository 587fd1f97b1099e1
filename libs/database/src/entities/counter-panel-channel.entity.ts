import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The state of a channel that shows a counter. */
@Entity({ name: 'counter_panel_channels' })
export class CounterPanelChannel {
  @PrimaryColumn('bigint', { name: 'guild_id' })
  guildId: string;

  @PrimaryColumn('bigint', { name: 'channel_id' })
  channelId: string;

  /** The last name that Discord accepted. Null before the first one. */
  @Column('text', { name: 'shown_name', nullable: true })
  shownName: string | null;

  /** The number in the name; null for a counter with several. */
  @Column('bigint', { name: 'shown_value', nullable: true })
  shownValue: string | null;

  @Column({ type: 'timestamptz', name: 'shown_at', precision: 3, nullable: true })
  shownAt: Date | null;

  /** Discord allows two renames in ten minutes. A rename with an unknown outcome counts too. */
  @Column({ type: 'timestamptz', name: 'last_renamed_at', precision: 3, nullable: true })
  lastRenamedAt: Date | null;

  @Column({ type: 'timestamptz', name: 'previously_renamed_at', precision: 3, nullable: true })
  previouslyRenamedAt: Date | null;

  /** Discord's rate limit ends at this time. */
  @Column({ type: 'timestamptz', name: 'limited_until', precision: 3, nullable: true })
  limitedUntil: Date | null;

  /** The next attempt after failures that somebody has to repair. */
  @Column({ type: 'timestamptz', name: 'paused_until', precision: 3, nullable: true })
  pausedUntil: Date | null;

  /** The pause is because the count could not be read. It ends as soon as the count is known. */
  @Column('boolean', { name: 'counts_unread' })
  countsUnread: boolean;

  /** Failures since the last success. */
  @Column('integer')
  attempts: number;

  /** One sentence for people. */
  @Column('text', { name: 'last_error', nullable: true })
  lastError: string | null;
}
