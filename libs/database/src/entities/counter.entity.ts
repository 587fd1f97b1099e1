import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * - `setting`: a settings field names an existing channel
 * - `panel`: a custom panel of the settings; this system created its channel
 */
export type CounterSource = 'setting' | 'panel';

/** A channel whose name shows a number. If the settings use a channel for several types, it shows the first one. */
@Entity({ name: 'counters' })
export class Counter {
  @PrimaryColumn('bigint', { name: 'guild_id' })
  guildId: string;

  @PrimaryColumn('bigint', { name: 'channel_id' })
  channelId: string;

  /** A name of the catalogue of counters. */
  @PrimaryColumn('text')
  type: string;

  @Column('text')
  source: CounterSource;

  /** The start of the channel's name. Null: the label of the type. */
  @Column('text', { name: 'channel_name', nullable: true })
  channelName: string | null;

  /** Only for types that count members with a role. */
  @Column('bigint', { name: 'role_id', nullable: true })
  roleId: string | null;
}
