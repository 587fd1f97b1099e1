export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** How busy each hour of a day is (UTC). The members are in Europe, with some in America. */
const HOURS = [
  0.55, 0.35, 0.25, 0.18, 0.15, 0.18, 0.3, 0.5, 0.65, 0.7, 0.75, 0.85, 1, 0.95, 1, 1.15, 1.4, 1.7, 2, 2.2, 2.15, 1.8,
  1.3, 0.85,
];
/** From Sunday to Saturday. The mean is 1. */
const WEEKDAYS = [1.24, 0.84, 0.82, 0.86, 0.9, 1.06, 1.28];

/** The part of a day's events that happens in each hour. The parts add up to 1. */
export type DailyRhythm = readonly number[];

const partsOf = (weights: readonly number[]): DailyRhythm => {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
};

/** Whatever members do while they are there. */
export const ALL_DAY = partsOf(HOURS);
/** What members do in their free time. */
export const EVENINGS = partsOf(HOURS.map((weight) => weight ** 2));

/** How busy the weekday of this time is; 1 on average. */
export function weekdayFactor(time: number): number {
  return WEEKDAYS[new Date(time).getUTCDay()]!;
}

/** How busy the guild is at this time of the day, from 0 to 1. Changes without steps. */
export function busyness(time: number): number {
  const hour = (time % DAY_MS) / HOUR_MS;
  const before = HOURS[Math.floor(hour)]!;
  const after = HOURS[(Math.floor(hour) + 1) % 24]!;
  return (before + (after - before) * (hour % 1)) / Math.max(...HOURS);
}

/** The beginning of the day (UTC) of this time, in Unix milliseconds. */
export function startOfDay(time: number): number {
  return Math.floor(time / DAY_MS) * DAY_MS;
}
