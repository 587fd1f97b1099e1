import type { Type } from '@nestjs/common';
import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { identifierOf, isTimed, type CompiledKind } from '#libs/contracts';
import { CountProperty, TimestampProperty } from '../../../answers/answer-properties.js';
import { DelayStatistics } from './delay-statistics.dto.js';

export const PreviousTotalProperty = () =>
  CountProperty({
    nullable: true,
    description: 'Of the period of the same length before; null where the retention has taken it',
  });

const StatisticsProperty = () =>
  ApiProperty({ type: () => DelayStatistics, nullable: true, description: 'Null where there are no records' });

@ApiSchema({ name: 'SummaryBucket' })
export class SummaryBucket {
  @TimestampProperty({ description: 'When the bucket starts; the first may start before the window' })
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
  @ApiProperty({ type: String, nullable: true, description: 'Null: the records that have none' })
  key: string | null;

  @CountProperty()
  count: number;
}

/** A summary as it is answered. Only kinds with a delay have `stats`. */
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
    description: 'Every local day or hour of the window, also the empty ones',
  })
  series: SummaryBucket[];

  @ApiProperty({
    type: () => [SummaryGroup],
    description: 'The largest first; ties by key. Empty without group_by',
  })
  groups: SummaryGroup[];
}

class TimedSummaryAnswer extends SummaryAnswer {}
StatisticsProperty()(TimedSummaryAnswer.prototype, 'stats');
ApiProperty({ type: () => [TimedSummaryBucket] })(TimedSummaryAnswer.prototype, 'series');

/** The summaries of a kind, under a name of their own. */
export function summaryClass({ name, definition }: CompiledKind): Type<SummaryAnswer> {
  class KindSummary extends (isTimed(definition) ? TimedSummaryAnswer : SummaryAnswer) {}
  ApiSchema({ name: `${identifierOf(name)}Summary` })(KindSummary);
  return KindSummary;
}
