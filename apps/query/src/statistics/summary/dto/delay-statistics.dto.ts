import { ApiSchema } from '@nestjs/swagger';
import { CountProperty, SchemaProperty } from '../../../answers/answer-properties.js';

const DelayProperty = () => SchemaProperty({ type: 'number', minimum: 0 });

@ApiSchema({ name: 'DelayStatistics', description: 'In milliseconds. Percentiles use nearest rank and are within 2%' })
export class DelayStatistics {
  @DelayProperty()
  avg: number;

  @DelayProperty()
  min: number;

  @DelayProperty()
  max: number;

  @DelayProperty()
  p50: number;

  @DelayProperty()
  p95: number;

  @DelayProperty()
  p99: number;
}

/** Of kinds whose events may lack the measure. */
@ApiSchema({
  name: 'MeasureStatistics',
  description: 'Of the events that have a measure, in milliseconds. Percentiles use nearest rank and are within 2%',
})
export class MeasureStatistics extends DelayStatistics {
  @CountProperty({ description: 'The number of events that have a measure' })
  count: number;
}
