import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { CountProperty, TimestampProperty } from '../../../answers/answer-properties.js';
import { PreviousTotalProperty } from './summary.dto.js';

@ApiSchema({ name: 'KindOverview' })
export class KindOverview {
  @ApiProperty()
  kind: string;

  @ApiProperty({ description: 'Whether the switch of the kind is on' })
  enabled: boolean;

  @CountProperty()
  total: number;

  @PreviousTotalProperty()
  previous_total: number | null;
}

@ApiSchema({ name: 'Overview' })
export class OverviewAnswer {
  @TimestampProperty()
  from: string;

  @TimestampProperty()
  to: string;

  @ApiProperty({ type: [KindOverview], description: 'All kinds, in the order of the catalogue' })
  kinds: KindOverview[];
}
