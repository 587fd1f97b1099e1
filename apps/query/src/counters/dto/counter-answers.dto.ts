import type { Type } from '@nestjs/common';
import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { CounterTypes, StatisticsContract } from '#libs/contracts';
import type { CounterSource } from '#libs/database';
import {
  ConstantProperty,
  SchemaProperty,
  SnowflakeProperty,
  TimestampProperty,
  WordProperty,
} from '../../answers/answer-properties.js';
import { statisticSchema, type CounterStatistic } from '../counter-fields.js';
import type { CounterStatus } from '../counter-status.js';

const SOURCES: readonly CounterSource[] = ['counter', 'panel', 'setting'];
const INTEGER = { type: 'integer' };

/** A channel whose name shows a number. */
export interface CounterAnswer {
  channel_id: string;
  type: string;
  format: string;
  goal: number | null;
  role_id: string | null;
  statistic: CounterStatistic | null;
  source: CounterSource;
  status: CounterStatus;
}

@ApiSchema({ name: 'CounterStatus' })
class CounterStatusAnswer implements CounterStatus {
  @SchemaProperty(INTEGER, {
    nullable: true,
    description: 'The number in the name. Null before the first update, and for a counter with several numbers',
  })
  value: number | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The last name that Discord accepted. Null before the first update',
  })
  name: string | null;

  @TimestampProperty({ nullable: true })
  updated_at: string | null;

  @TimestampProperty({
    nullable: true,
    description: "When the counter is updated next, subject to Discord's rate limit. Null if no update is planned",
  })
  next_update_at: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'A message for people. Null if there is no error' })
  error: string | null;
}

@ApiSchema({ name: 'DeletedCounter' })
export class DeletedCounterAnswer {
  @SnowflakeProperty()
  channel_id: string;

  @ConstantProperty(true)
  deleted: true;
}

export function counterAnswerClass(types: CounterTypes, contract: StatisticsContract): Type<CounterAnswer> {
  @ApiSchema({ name: 'Counter' })
  class CounterAnswerClass implements CounterAnswer {
    @SnowflakeProperty()
    channel_id: string;

    @WordProperty(types.names)
    type: string;

    @ApiProperty({ description: 'The name of the channel, with placeholders such as <value>' })
    format: string;

    @SchemaProperty(INTEGER, { nullable: true })
    goal: number | null;

    @SnowflakeProperty({ nullable: true })
    role_id: string | null;

    @SchemaProperty(statisticSchema(contract), { nullable: true })
    statistic: CounterStatistic | null;

    @WordProperty(SOURCES, {
      description: '`counter`: made here. `panel`: a custom panel of the settings. `setting`: named in the settings',
    })
    source: CounterSource;

    @ApiProperty({ type: CounterStatusAnswer })
    status: CounterStatus;
  }
  return CounterAnswerClass;
}
