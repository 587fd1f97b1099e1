import { fieldIn, hasUser, type StatisticKind } from './catalogue.js';

/**
 * The dimensions by which records can be grouped. The number is stored in `statistic_groups.dimension` and must never
 * change or be reused. The column is in `statistic_events`.
 */
export const DIMENSIONS = {
  user: { number: 1, column: 'user_id' },
  channel: { number: 2, column: 'channel_id' },
  label: { number: 3, column: 'label' },
} as const;

export type Dimension = keyof typeof DIMENSIONS;

/** The dimensions of a kind, by the value of `group_by`. */
export function groupingsOf(kind: StatisticKind): ReadonlyMap<string, Dimension> {
  const groupings = new Map<string, Dimension>();
  if (hasUser(kind)) groupings.set('user', 'user');
  if (fieldIn(kind, 'channel_id') !== undefined) groupings.set('channel', 'channel');
  const label = fieldIn(kind, 'label');
  if (label !== undefined) groupings.set(kind.labelGrouping ?? label, 'label');
  return groupings;
}

/** Whether records of this kind have a delay, so that summaries have statistics of it. */
export function isTimed(kind: StatisticKind): boolean {
  return fieldIn(kind, 'value') !== undefined;
}
