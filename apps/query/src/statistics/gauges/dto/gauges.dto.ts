import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { GAUGE_NAMES, GAUGES } from '#libs/contracts';
import { CountProperty, TimestampProperty, WordProperty } from '../../../answers/answer-properties.js';

@ApiSchema({ name: 'GaugeBucket', description: 'All counts are null if no snapshot of the bucket has the count' })
export class GaugeBucket {
  @TimestampProperty({ description: 'When the bucket starts. The first bucket may start before the window' })
  bucket: string;

  @CountProperty({ nullable: true, description: 'The count of the last snapshot' })
  last: number | null;

  @CountProperty({ nullable: true })
  min: number | null;

  @CountProperty({ nullable: true })
  max: number | null;
}

@ApiSchema({ name: 'Gauge' })
export class GaugeAnswer {
  @WordProperty(GAUGE_NAMES, {
    description: `What is counted: ${GAUGE_NAMES.map((name) => `\`${name}\` ${GAUGES[name].description}`).join('; ')}`,
  })
  gauge: string;

  @CountProperty({
    nullable: true,
    description: 'The newest count, also if it is not in the window. Null if none is stored',
  })
  current: number | null;

  @TimestampProperty({ nullable: true, description: 'When the newest count was taken' })
  current_at: string | null;

  @ApiProperty({
    type: () => [GaugeBucket],
    description: 'All local days or hours of the window, including empty ones',
  })
  series: GaugeBucket[];
}

@ApiSchema({ name: 'Gauges' })
export class GaugesAnswer {
  @TimestampProperty()
  from: string;

  @TimestampProperty()
  to: string;

  @ApiProperty({ type: () => [GaugeAnswer], description: 'The requested gauges, in the order of the catalogue' })
  gauges: GaugeAnswer[];
}
