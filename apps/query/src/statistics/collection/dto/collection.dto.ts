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

  @ApiProperty({ description: 'Whether the switch of the kind is on' })
  enabled: boolean;

  @TimestampProperty({ nullable: true, description: 'When the newest stored event of the kind occurred' })
  last_event_at: string | null;

  @ApiProperty({
    type: [PeriodAnswer],
    description: 'The periods in the window in which the module and the switch were on. Ordered and not overlapping',
  })
  collected: PeriodAnswer[];

  @ApiProperty({
    type: [PeriodAnswer],
    required: false,
    description: 'The periods in which events of bots were collected. Only for kinds that have a switch for bots',
  })
  bots_collected?: PeriodAnswer[];
}

@ApiSchema({ name: 'Collection' })
export class CollectionAnswer {
  @TimestampProperty()
  from: string;

  @TimestampProperty()
  to: string;

  @ApiProperty({ type: [KindCollection], description: 'All kinds, in the order of the catalogue' })
  kinds: KindCollection[];
}
