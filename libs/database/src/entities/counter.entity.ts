import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * - `setting`: a settings field names an existing channel
 * - `panel`: a custom panel of the settings; this system created its channel
 * - `counter`: made with the counters API
 */
export type CounterSource = 'setting' | 'panel' | 'counter';

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

  /** Of a panel: the start of the channel's name. Null: the label of the type. */
  @Column('text', { name: 'channel_name', nullable: true })
  channelName: string | null;

  /** Only for types that count members with a role. */
  @Column('bigint', { name: 'role_id', nullable: true })
  roleId: string | null;

  /** Only for counters of the API. Null: the default format of the type. */
  @Column('text', { nullable: true })
  format: string | null;

  @Column('integer', { nullable: true })
  goal: number | null;

  /** Only for types that show a statistic: the name of its kind. */
  @Column('text', { name: 'statistic_kind', nullable: true })
  statisticKind: string | null;

  /** The statistic counts this many days. */
  @Column('smallint', { name: 'statistic_days', nullable: true })
  statisticDays: number | null;

  /** Of a counter of the API: this system created its channel, so it also deletes it. */
  @Column('boolean', { name: 'is_created', default: false })
  isCreated: boolean;
}

/** The fields that only some counters have. */
export const PLAIN_COUNTER = {
  channelName: null,
  roleId: null,
  format: null,
  goal: null,
  statisticKind: null,
  statisticDays: null,
  isCreated: false,
} as const satisfies Partial<Counter>;
