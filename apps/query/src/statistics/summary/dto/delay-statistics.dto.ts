import { ApiSchema } from '@nestjs/swagger';
import { SchemaProperty } from '../../../answers/answer-properties.js';

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
