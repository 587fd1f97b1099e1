import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A custom counter panel: a voice channel that shows how many members with a role are online. */
@Entity({ name: 'counter_panels' })
export class CounterPanel {
  @PrimaryColumn('bigint', { name: 'guild_id' })
  guildId: string;

  @PrimaryColumn('bigint', { name: 'channel_id' })
  channelId: string;

  @Column('text', { name: 'channel_name' })
  channelName: string;

  @Column('bigint', { name: 'role_id' })
  roleId: string;
}
