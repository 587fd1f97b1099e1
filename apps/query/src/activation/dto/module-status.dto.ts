import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { SnowflakeProperty } from '../../answers/answer-properties.js';

@ApiSchema({ name: 'ModuleStatus' })
export class ModuleStatus {
  @SnowflakeProperty()
  guild_id: string;

  @ApiProperty()
  enabled: boolean;
}
