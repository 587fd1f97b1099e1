import { fieldIn, hasUser, type StatisticKind } from './catalogue.js';

/**
 * What records can be grouped by. The number is stored in `statistic_groups.dimension`: it never changes and is never
 * used again. The column is that of `statistic_events`.
 */
export const DIMENSIONS = {
  user: { number: 1, column: 'user_id' },
  channel: { number: 2, column: 'channel_id' },
  label: { number: 3, column: 'label' },
} as const;

export type Dimension = keyof typeof DIMENSIONS;

/** By what records of this kind can be grouped: the values that `group_by` takes. */
export function groupingsOf(kind: StatisticKind): ReadonlyMap<string, Dimension> {
  const groupings = new Map<string, Dimension>();
  if (hasUser(kind)) groupings.set('user', 'user');
  if (fieldIn(kind, 'channel_id') !== undefined) groupings.set('channel', 'channel');
  const label = fieldIn(kind, 'label');
  if (label !== undefined) groupings.set(kind.labelGrouping ?? label, 'label');
  return groupings;
}

/** Whether records of this kind bear a delay, so that their summaries bear statistics of it. */
export function isTimed(kind: StatisticKind): boolean {
  return fieldIn(kind, 'value') !== undefined;
}
