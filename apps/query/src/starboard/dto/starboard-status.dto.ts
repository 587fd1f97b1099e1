import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { SnowflakeProperty, TimestampProperty } from '../../answers/answer-properties.js';

@ApiSchema({
  name: 'StarboardStatus',
  description:
    'What keeps the starboard from working in a channel, or from showing a message of it. The times are null where the ' +
    'configuration is the reason',
})
export class StarboardStatus {
  @SnowflakeProperty({ description: 'The starboard channel, or one with starred messages' })
  channel_id: string;

  @ApiProperty({ description: 'For people' })
  problem: string;

  @TimestampProperty({ nullable: true })
  first_seen_at: string | null;

  @TimestampProperty({ nullable: true })
  last_seen_at: string | null;

  @TimestampProperty({ nullable: true, description: 'Until then the channel, or the message, is left alone' })
  next_try_at: string | null;
}
