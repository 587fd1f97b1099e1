import type { Type } from '@nestjs/common';
import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { CounterTypes } from '#libs/contracts';
import { SnowflakeProperty, TimestampProperty, WordProperty } from '../../answers/answer-properties.js';

/** The status of a counter. */
export interface PanelStatus {
  panel: string;
  channel_id: string;
  last_value: string | null;
  last_update_at: string | null;
  next_update_at: string | null;
  last_error: string | null;
}

export function panelStatusClass({ panels }: CounterTypes): Type<PanelStatus> {
  @ApiSchema({ name: 'PanelStatus', description: 'The status of a counter panel' })
  class PanelStatusAnswer implements PanelStatus {
    @WordProperty(panels)
    panel: string;

    @SnowflakeProperty()
    channel_id: string;

    @ApiProperty({
      type: String,
      nullable: true,
      description: 'The last name that Discord accepted. Null before the first update',
    })
    last_value: string | null;

    @TimestampProperty({ nullable: true })
    last_update_at: string | null;

    @TimestampProperty({
      nullable: true,
      description: "When the panel is updated next, subject to Discord's rate limit. Null if no update is planned",
    })
    next_update_at: string | null;

    @ApiProperty({ type: String, nullable: true, description: 'A message for people. Null if there is no error' })
    last_error: string | null;
  }
  return PanelStatusAnswer;
}
