import type { FieldColumn, StatisticKind } from './catalogue.js';
import type { SwitchDefinition } from './switches.js';

/** Statistics that an operator has defined in a file, by name. */
export interface OwnStatistics {
  kinds: Readonly<Record<string, StatisticKind>>;
  switches: Readonly<Record<string, SwitchDefinition>>;
}

/** The columns that a kind of one's own may use. */
export const OWN_FIELD_COLUMNS = [
  'user_id',
  'channel_id',
  'message_id',
  'label',
  'value',
  'is_bot',
] as const satisfies FieldColumn[];

export const NO_OWN_STATISTICS: OwnStatistics = { kinds: {}, switches: {} };

/** The first number that the database gives to a kind of one's own. Those of the catalogue are smaller. */
export const FIRST_OWN_NUMBER = 1_000;
/** The largest number that `statistic_events.kind` holds. */
export const LAST_OWN_NUMBER = 32_767;
