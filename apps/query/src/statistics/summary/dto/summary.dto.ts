import type { Type } from '@nestjs/common';
import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { identifierOf, isTimed, type CompiledKind } from '#libs/contracts';
import { CountProperty, TimestampProperty } from '../../../answers/answer-properties.js';
import { DelayStatistics } from './delay-statistics.dto.js';

export const PreviousTotalProperty = () =>
  CountProperty({
    nullable: true,
    description: 'The total of the previous period of the same length. Null if retention has deleted its data',
  });

const StatisticsProperty = () =>
  ApiProperty({ type: () => DelayStatistics, nullable: true, description: 'Null if there are no records' });

@ApiSchema({ name: 'SummaryBucket' })
export class SummaryBucket {
  @TimestampProperty({ description: 'When the bucket starts. The first bucket may start before the window' })
  bucket: string;

  @CountProperty()
  count: number;

  stats?: DelayStatistics | null;
}

@ApiSchema({ name: 'TimedSummaryBucket' })
class TimedSummaryBucket extends SummaryBucket {}
StatisticsProperty()(TimedSummaryBucket.prototype, 'stats');

@ApiSchema({ name: 'SummaryGroup' })
export class SummaryGroup {
  @ApiProperty({ type: String, nullable: true, description: 'Null for the records without a value' })
  key: string | null;

  @CountProperty()
  count: number;
}

/** The response of a summary. Only timed kinds have `stats`. */
export class SummaryAnswer {
  @TimestampProperty()
  from: string;

  @TimestampProperty()
  to: string;

  @CountProperty()
  total: number;

  @PreviousTotalProperty()
  previous_total: number | null;

  stats?: DelayStatistics | null;

  @ApiProperty({
    type: () => [SummaryBucket],
    description: 'All local days or hours of the window, including empty ones',
  })
  series: SummaryBucket[];

  @ApiProperty({
    type: () => [SummaryGroup],
    description: 'Largest first, ties by key. Empty without group_by',
  })
  groups: SummaryGroup[];
}

class TimedSummaryAnswer extends SummaryAnswer {}
StatisticsProperty()(TimedSummaryAnswer.prototype, 'stats');
ApiProperty({ type: () => [TimedSummaryBucket] })(TimedSummaryAnswer.prototype, 'series');

/** Creates the response class of a kind's summary, which becomes a component of the API document. */
export function summaryClass({ name, definition }: CompiledKind): Type<SummaryAnswer> {
  class KindSummary extends (isTimed(definition) ? TimedSummaryAnswer : SummaryAnswer) {}
  ApiSchema({ name: `${identifierOf(name)}Summary` })(KindSummary);
  return KindSummary;
}
