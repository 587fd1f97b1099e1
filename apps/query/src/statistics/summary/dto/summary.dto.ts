import type { Type } from '@nestjs/common';
import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { identifierOf, isTimed, mayLackMeasure, type CompiledKind } from '#libs/contracts';
import { CountProperty, TimestampProperty } from '../../../answers/answer-properties.js';
import { DelayStatistics, MeasureStatistics } from './delay-statistics.dto.js';

export const PreviousTotalProperty = () =>
  CountProperty({
    nullable: true,
    description: 'The total of the previous period of the same length. Null if retention has deleted its data',
  });

@ApiSchema({ name: 'SummaryBucket' })
export class SummaryBucket {
  @TimestampProperty({ description: 'When the bucket starts. The first bucket may start before the window' })
  bucket: string;

  @CountProperty()
  count: number;

  stats?: DelayStatistics | MeasureStatistics | null;
}

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

  stats?: DelayStatistics | MeasureStatistics | null;

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

/** An answer with statistics beside the total and in every bucket. @param bucketName the component of the bucket */
function answerWith(statistics: Type<DelayStatistics>, bucketName: string): Type<SummaryAnswer> {
  class TimedBucket extends SummaryBucket {}
  class TimedAnswer extends SummaryAnswer {}
  ApiSchema({ name: bucketName })(TimedBucket);
  for (const { prototype } of [TimedBucket, TimedAnswer]) {
    ApiProperty({ type: () => statistics, nullable: true, description: 'Null if no record has a measure' })(
      prototype,
      'stats',
    );
  }
  ApiProperty({ type: () => [TimedBucket] })(TimedAnswer.prototype, 'series');
  return TimedAnswer;
}

const DELAYS = answerWith(DelayStatistics, 'TimedSummaryBucket');
const MEASURES = answerWith(MeasureStatistics, 'MeasuredSummaryBucket');

/** Creates the response class of a kind's summary, which becomes a component of the API document. */
export function summaryClass({ name, definition }: CompiledKind): Type<SummaryAnswer> {
  const timed = mayLackMeasure(definition) ? MEASURES : DELAYS;
  class KindSummary extends (isTimed(definition) ? timed : SummaryAnswer) {}
  ApiSchema({ name: `${identifierOf(name)}Summary` })(KindSummary);
  return KindSummary;
}
