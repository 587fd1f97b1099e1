import type { Type } from '@nestjs/common';
import { FIELD_TYPES, type CounterTypes, type StatisticsContract } from '#libs/contracts';
import { IsOneOf, IsSnowflake } from '../../requests/field.decorators.js';
import { wholeNumber } from '../../requests/formats.js';
import { ReadAs } from '../../requests/read-as.decorator.js';
import { RefusesUnknownFields } from '../../requests/request-dto.js';
import { statisticFormat, type CounterStatistic } from '../counter-fields.js';

/** The range of `counters.goal`. */
const MAX_GOAL = 2_147_483_647;

/** What a counter shows. Null: the default format, no goal, no role, no statistic. Undefined: unchanged. */
export interface CounterContentFields {
  format?: string | null;
  goal?: number | null;
  role_id?: string | null;
  statistic?: CounterStatistic | null;
}

export interface ChangeCounterRequest extends CounterContentFields {
  guild_id: string;
}

export interface CreateCounterRequest extends ChangeCounterRequest {
  type: string;
  channel_id?: string;
}

/** A request with only a guild. */
@RefusesUnknownFields()
export class CountersGuildRequest {
  @IsSnowflake({ description: 'The id of the guild' })
  guild_id: string;
}

/** The path parameters. */
export class CounterPath {
  @IsSnowflake({ description: 'The id of the channel' })
  channel_id: string;
}

export interface CounterRequests {
  create: Type<CreateCounterRequest>;
  change: Type<ChangeCounterRequest>;
}

/** The requests for counters of these types. */
export function counterRequests(types: CounterTypes, contract: StatisticsContract): CounterRequests {
  @RefusesUnknownFields()
  class CreateCounter implements CreateCounterRequest {
    @IsSnowflake({ description: 'The id of the guild' })
    guild_id: string;

    @IsOneOf(types.names, { description: 'What the counter shows' })
    type: string;

    @IsSnowflake({
      optional: true,
      description: 'An existing channel of the guild to take over. Without it, a channel is created',
    })
    channel_id?: string;
  }

  @RefusesUnknownFields()
  class ChangeCounter implements ChangeCounterRequest {
    @IsSnowflake({ description: 'The id of the guild' })
    guild_id: string;
  }

  const fields = {
    format: ReadAs(FIELD_TYPES.text, {
      optional: true,
      nullable: true,
      description:
        'The name of the channel, with placeholders such as <value>. Without it or null: the default of the type',
    }),
    goal: ReadAs(wholeNumber(1, MAX_GOAL), { optional: true, nullable: true, description: 'The number to reach' }),
    role_id: IsSnowflake({
      optional: true,
      nullable: true,
      description: 'The role, for types that count its members',
    }),
    statistic: ReadAs(statisticFormat(contract), {
      optional: true,
      nullable: true,
      description: 'The statistic, for the type statistic',
    }),
  };
  for (const dto of [CreateCounter, ChangeCounter]) {
    for (const [name, decorator] of Object.entries(fields)) decorator(dto.prototype as object, name);
  }
  return { create: CreateCounter, change: ChangeCounter };
}
