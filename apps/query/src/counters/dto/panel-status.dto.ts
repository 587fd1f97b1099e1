import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { SnowflakeProperty, TimestampProperty, WordProperty } from '../../answers/answer-properties.js';

const PANELS = ['member_count', 'online_member_count', 'server_boost_number', 'custom'] as const;

@ApiSchema({ name: 'PanelStatus', description: 'How a counter panel is' })
export class PanelStatus {
  @WordProperty(PANELS)
  panel: (typeof PANELS)[number];

  @SnowflakeProperty()
  channel_id: string;

  @ApiProperty({ type: String, nullable: true, description: 'The name that Discord took last; null before the first' })
  last_value: string | null;

  @TimestampProperty({ nullable: true })
  last_update_at: string | null;

  @TimestampProperty({
    nullable: true,
    description: "When the panel is looked at next and may be renamed, by Discord's limit too; null: none is to come",
  })
  next_update_at: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'For people; null when nothing is wrong' })
  last_error: string | null;
}
