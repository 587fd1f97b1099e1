/**
 * The dimensions by which records can be grouped. The number is stored in `statistic_groups.dimension` and must never
 * change or be reused. The column is in `statistic_events`.
 */
export const DIMENSIONS = {
  user: { number: 1, column: 'user_id', namesMembers: true },
  channel: { number: 2, column: 'channel_id', namesMembers: false },
  label: { number: 3, column: 'label', namesMembers: false },
  actor: { number: 4, column: 'actor_id', namesMembers: true },
} as const;

export type Dimension = keyof typeof DIMENSIONS;

/** The numbers of the dimensions whose groups name members. */
export const MEMBER_DIMENSIONS: readonly number[] = Object.values(DIMENSIONS)
  .filter(({ namesMembers }) => namesMembers)
  .map(({ number }) => number);
