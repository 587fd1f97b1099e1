import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { SnowflakeProperty, TimestampProperty } from '../../answers/answer-properties.js';

@ApiSchema({
  name: 'StarboardStatus',
  description:
    'A problem that keeps the starboard from working in a channel, or from showing a message of the channel. The ' +
    'times are null if the problem is in the configuration of the service',
})
export class StarboardStatus {
  @SnowflakeProperty({ description: 'The starboard channel, or one with starred messages' })
  channel_id: string;

  @ApiProperty({ description: 'A message for people' })
  problem: string;

  @TimestampProperty({ nullable: true })
  first_seen_at: string | null;

  @TimestampProperty({ nullable: true })
  last_seen_at: string | null;

  @TimestampProperty({ nullable: true, description: 'When the channel or message is tried again' })
  next_try_at: string | null;
}
