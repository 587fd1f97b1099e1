import type { Type } from '@nestjs/common';
import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { CounterTypes } from '#libs/contracts';
import { SnowflakeProperty, TimestampProperty, WordProperty } from '../../answers/answer-properties.js';

/** How a counter is, so that one that stands still explains itself. */
export interface PanelStatus {
  panel: string;
  channel_id: string;
  last_value: string | null;
  last_update_at: string | null;
  next_update_at: string | null;
  last_error: string | null;
}

export function panelStatusClass({ panels }: CounterTypes): Type<PanelStatus> {
  @ApiSchema({ name: 'PanelStatus', description: 'How a counter panel is' })
  class PanelStatusAnswer implements PanelStatus {
    @WordProperty(panels)
    panel: string;

    @SnowflakeProperty()
    channel_id: string;

    @ApiProperty({
      type: String,
      nullable: true,
      description: 'The name that Discord took last; null before the first',
    })
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
  return PanelStatusAnswer;
}
