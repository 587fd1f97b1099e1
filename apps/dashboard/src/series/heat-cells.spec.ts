import { HOUR_MS } from '../time/time-zone.js';
import { busiestOf, heatCells } from './heat-cells.js';
import type { Segment } from './segments.js';

const AMSTERDAM = 'Europe/Amsterdam';

function hoursFrom(first: string, counts: number[]): Segment[] {
  return counts.map((count, index) => {
    const start = Date.parse(first) + index * HOUR_MS;
    return { start, end: start + HOUR_MS, count, state: 'full', measures: null };
  });
}

describe('heatCells', () => {
  it('should count the hour that the clocks repeat as two hours of the same cell', () => {
    // 02:00 in summer time, 02:00 in winter time, 03:00.
    const hours = hoursFrom('2026-10-25T00:00:00Z', [4, 8, 1]);
    const window = { from: hours[0]!.start, to: hours[2]!.end };
    const cells = heatCells(hours, [window], window, AMSTERDAM);
    expect(cells[6 * 24 + 2]).toEqual({ weekday: 6, hour: 2, mean: 6 });
    expect(cells[6 * 24 + 3]?.mean).toBe(1);
    expect(busiestOf(cells)).toMatchObject({ weekday: 6, hour: 2 });
  });

  it('should divide by the time that was collected, and know nothing of other hours', () => {
    const hours = hoursFrom('2026-11-23T10:00:00Z', [5, 5]);
    const window = { from: hours[0]!.start, to: hours[1]!.end };
    const collected = [{ from: hours[0]!.start + HOUR_MS / 2, to: hours[0]!.end }];
    const cells = heatCells(hours, collected, window, 'UTC');
    expect(cells.slice(9, 12).map(({ mean }) => mean)).toEqual([null, 10, null]);
    expect(busiestOf(heatCells([], [], window, 'UTC'))).toBeUndefined();
  });
});
