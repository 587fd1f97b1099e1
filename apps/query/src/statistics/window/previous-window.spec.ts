import { previousWindow } from './previous-window.js';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 5, 15, 12, 7, 30);
const RETENTION = { eventDays: 62, summaryDays: 400 };
const daysAgo = (days: number) => NOW - days * DAY_MS;
const before = (from: number, to: number, byTotals = true, horizon = 0) =>
  previousWindow({ from, to }, NOW, RETENTION, horizon, byTotals);

describe('previousWindow', () => {
  it('should be as long as the window and end at its start, up to the limit of the retention', () => {
    expect(before(daysAgo(31), NOW)).toEqual({ from: daysAgo(62), to: daysAgo(31) });
    expect(before(daysAgo(31), NOW, false)).toEqual({ from: daysAgo(62), to: daysAgo(31) });
  });

  it('should start with a whole 15-minute bucket if the events were deleted, and be null without totals', () => {
    const from = Date.UTC(2026, 5, 15, 12, 15) - 70 * DAY_MS;
    expect(before(daysAgo(50), daysAgo(30))).toEqual({ from, to: daysAgo(50) });
    expect(before(daysAgo(50), daysAgo(30), false)).toBeNull();
  });

  it('should consider events that were deleted under a shorter retention', () => {
    expect(before(daysAgo(5), NOW, false, daysAgo(7))).toBeNull();
    expect(before(daysAgo(5), NOW, true, daysAgo(7))?.to).toBe(daysAgo(5));
  });

  it('should be null if the totals were deleted too, and for an empty window', () => {
    const short = { eventDays: 10, summaryDays: 12 };
    expect(previousWindow({ from: daysAgo(10), to: NOW }, NOW, short, 0, true)).toBeNull();
    expect(before(daysAgo(62), daysAgo(62))).toBeNull();
  });
});
