import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { TimestampProperty } from '../../../answers/answer-properties.js';

@ApiSchema({ name: 'Period' })
export class PeriodAnswer {
  @TimestampProperty()
  from: string;

  @TimestampProperty()
  to: string;
}

@ApiSchema({ name: 'KindCollection' })
export class KindCollection {
  @ApiProperty()
  kind: string;

  @ApiProperty({ description: 'Whether its switch is on now' })
  enabled: boolean;

  @TimestampProperty({ nullable: true, description: 'When the newest stored event of the kind occurred' })
  last_event_at: string | null;

  @ApiProperty({
    type: [PeriodAnswer],
    description: 'When module and switch were on; in order, apart from each other, within the window',
  })
  collected: PeriodAnswer[];

  @ApiProperty({
    type: [PeriodAnswer],
    required: false,
    description: "When bots' events were collected too; of kinds that have a switch for that",
  })
  bots_collected?: PeriodAnswer[];
}

@ApiSchema({ name: 'Collection' })
export class CollectionAnswer {
  @TimestampProperty()
  from: string;

  @TimestampProperty()
  to: string;

  @ApiProperty({ type: [KindCollection], description: 'Every kind, in the order of the catalogue' })
  kinds: KindCollection[];
}
