import type { JsonSchema, StatisticsContract } from '#libs/contracts';
import type { FieldFormat } from '../requests/formats.js';
import { MAX_DAYS } from '../statistics/window/window.js';

/** The statistic that a counter shows: the total of its summary of the last days. */
export interface CounterStatistic {
  kind: string;
  days: number;
}

export function statisticSchema({ kinds }: StatisticsContract): JsonSchema {
  return {
    title: 'CounterStatistic',
    type: 'object',
    required: ['kind', 'days'],
    properties: {
      kind: { type: 'string', enum: kinds.map(({ name }) => name), description: 'A kind of statistic' },
      days: { type: 'integer', minimum: 1, maximum: MAX_DAYS, description: 'The number of days up to now' },
    },
    additionalProperties: false,
  };
}

export function statisticFormat(contract: StatisticsContract): FieldFormat<CounterStatistic> {
  return {
    expected:
      'an object with only kind (the name of a kind of statistic, such as message.sent) ' +
      `and days (an integer from 1 to ${MAX_DAYS})`,
    schema: statisticSchema(contract),
    parse: (value) => parseStatistic(value, contract),
  };
}

function parseStatistic(value: unknown, contract: StatisticsContract): CounterStatistic | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { kind, days, ...others } = value as Record<string, unknown>;
  if (Object.keys(others).length > 0) return undefined;
  if (typeof kind !== 'string' || contract.kind(kind) === undefined) return undefined;
  if (typeof days !== 'number' || !Number.isInteger(days) || days < 1 || days > MAX_DAYS) return undefined;
  return { kind, days };
}
