import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { SnowflakeProperty } from '../../answers/answer-properties.js';

@ApiSchema({ name: 'CustomPanel' })
export class CustomPanelAnswer {
  @SnowflakeProperty()
  channel_id: string;

  @ApiProperty()
  channel_name: string;

  @SnowflakeProperty()
  role_id: string;
}
