import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * - `setting`: a settings field names its channel, which somebody made
 * - `panel`: one of the custom panels of the settings, whose channel was created here
 */
export type CounterSource = 'setting' | 'panel';

/** A channel whose name shows a number. The settings may name a channel for several types; it shows the first one. */
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

  /** What its name begins with; null: with the label of its type. */
  @Column('text', { name: 'channel_name', nullable: true })
  channelName: string | null;

  /** Of a type that counts members with a role. */
  @Column('bigint', { name: 'role_id', nullable: true })
  roleId: string | null;
}
