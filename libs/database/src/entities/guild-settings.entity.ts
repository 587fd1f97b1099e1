import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The settings of one guild. A guild without a row was never enabled or is erased. */
@Entity({ name: 'guild_settings' })
export class GuildSettings {
  @PrimaryColumn('bigint', { name: 'guild_id' })
  guildId: string;

  @Column('boolean')
  enabled: boolean;

  /** When the module was last enabled. */
  @Column({ type: 'timestamptz', name: 'enabled_at', precision: 3 })
  enabledAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at', precision: 3 })
  updatedAt: Date;

  /** The names of all switches that are on. */
  @Column('text', { array: true })
  switches: string[];

  @Column('boolean', { name: 'counter_panel_enabled' })
  counterPanelEnabled: boolean;

  @Column('bigint', { name: 'counter_panel_category_channel', nullable: true })
  counterPanelCategoryChannel: string | null;

  @Column('boolean', { name: 'starboard_enabled' })
  starboardEnabled: boolean;

  @Column('bigint', { name: 'starboard_channel', nullable: true })
  starboardChannel: string | null;

  @Column('integer', { name: 'starboard_count', nullable: true })
  starboardCount: number | null;
}
