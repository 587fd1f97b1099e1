import { objectOf, orNull, TIME_SCHEMA } from '../../openapi/schemas.js';
import type { Intervals } from './intervals.js';

export interface PeriodAnswer {
  from: string;
  to: string;
}

export interface KindCollection {
  kind: string;
  /** Its switch, now. */
  enabled: boolean;
  last_event_at: string | null;
  collected: PeriodAnswer[];
  /** Of kinds that collect bots by a switch of their own. */
  bots_collected?: PeriodAnswer[];
}

export interface CollectionAnswer {
  from: string;
  to: string;
  kinds: KindCollection[];
}

export function periodAnswers(intervals: Intervals): PeriodAnswer[] {
  return intervals.map(({ from, to }) => ({ from: new Date(from).toISOString(), to: new Date(to).toISOString() }));
}

const PERIOD_SCHEMA = objectOf({ from: TIME_SCHEMA, to: TIME_SCHEMA });

const periods = (description: string) => ({ type: 'array', items: PERIOD_SCHEMA, description });

const KIND_SCHEMA = objectOf({
  kind: { type: 'string' },
  enabled: { type: 'boolean', description: 'Whether its switch is on now' },
  last_event_at: { ...orNull(TIME_SCHEMA), description: 'When the newest stored event of the kind occurred' },
  collected: periods('When module and switch were on; in order, apart from each other, within the window'),
});

export const COLLECTION_SCHEMA = objectOf({
  from: TIME_SCHEMA,
  to: TIME_SCHEMA,
  kinds: {
    type: 'array',
    description: 'Every kind, in the order of the catalogue',
    items: {
      ...KIND_SCHEMA,
      properties: {
        ...(KIND_SCHEMA.properties as object),
        bots_collected: periods("When bots' events were collected too; of kinds that have a switch for that"),
      },
    },
  },
});
