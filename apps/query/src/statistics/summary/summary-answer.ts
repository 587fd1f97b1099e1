import { isTimed, type JsonSchema, type StatisticKind } from '#libs/contracts';
import { objectOf, orNull, TIME_SCHEMA } from '../../openapi/schemas.js';
import type { DelayStatistics } from './delay-statistics.js';

/** A summary as it is answered. `stats` stands in those of kinds with a delay. */
export interface SummaryAnswer {
  from: string;
  to: string;
  total: number;
  previous_total: number | null;
  stats?: DelayStatistics | null;
  series: { bucket: string; count: number; stats?: DelayStatistics | null }[];
  groups: { key: string | null; count: number }[];
}

export interface OverviewAnswer {
  from: string;
  to: string;
  kinds: { kind: string; enabled: boolean; total: number; previous_total: number | null }[];
}

const COUNT: JsonSchema = { type: 'integer', minimum: 0 };
const PREVIOUS_TOTAL: JsonSchema = {
  ...orNull(COUNT),
  description: 'Of the period of the same length before; null where the retention has taken it',
};
const DELAY: JsonSchema = { type: 'number', minimum: 0 };
const DELAY_STATISTICS: JsonSchema = {
  ...orNull(objectOf({ avg: DELAY, min: DELAY, max: DELAY, p50: DELAY, p95: DELAY, p99: DELAY })),
  description: 'Milliseconds; percentiles by nearest rank, within 2%. Null where there are no records',
};

/** JSON Schema of a kind's summary. */
export function summarySchema(kind: StatisticKind): JsonSchema {
  const stats: Record<string, JsonSchema> = isTimed(kind) ? { stats: DELAY_STATISTICS } : {};
  return objectOf({
    from: TIME_SCHEMA,
    to: TIME_SCHEMA,
    total: COUNT,
    previous_total: PREVIOUS_TOTAL,
    ...stats,
    series: {
      type: 'array',
      description: 'Every local day or hour of the window, also the empty ones',
      items: objectOf({
        bucket: { ...TIME_SCHEMA, description: 'When the bucket starts; the first may start before the window' },
        count: COUNT,
        ...stats,
      }),
    },
    groups: {
      type: 'array',
      description: 'The largest first; ties by key. Empty without group_by',
      items: objectOf({
        key: { type: ['string', 'null'], description: 'Null: the records that have none' },
        count: COUNT,
      }),
    },
  });
}

export const OVERVIEW_SCHEMA: JsonSchema = objectOf({
  from: TIME_SCHEMA,
  to: TIME_SCHEMA,
  kinds: {
    type: 'array',
    description: 'Every kind, in the order of the catalogue',
    items: objectOf({
      kind: { type: 'string' },
      enabled: { type: 'boolean', description: 'Whether the switch of the statistic is on' },
      total: COUNT,
      previous_total: PREVIOUS_TOTAL,
    }),
  },
});
