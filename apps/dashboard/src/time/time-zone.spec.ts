import { bucketEnd, HOUR_MS, isTimeZone, localTime, startOfDay } from './time-zone.js';

const AMSTERDAM = 'Europe/Amsterdam';

describe('local time', () => {
  it('should give a day of 25 hours when the clocks go back', () => {
    const start = startOfDay({ year: 2026, month: 10, day: 25 }, AMSTERDAM);
    expect(new Date(start).toISOString()).toBe('2026-10-24T22:00:00.000Z');
    expect((bucketEnd(start, 'day', AMSTERDAM) - start) / HOUR_MS).toBe(25);
  });

  it('should give a day of 23 hours when the clocks go forward', () => {
    const start = startOfDay({ year: 2026, month: 3, day: 29 }, AMSTERDAM);
    expect((bucketEnd(start, 'day', AMSTERDAM) - start) / HOUR_MS).toBe(23);
  });

  it('should start a day at 01:00 if the clocks skip midnight', () => {
    const start = startOfDay({ year: 2026, month: 3, day: 29 }, 'Asia/Beirut');
    expect(localTime(start, 'Asia/Beirut')).toMatchObject({ day: 29, hour: 1 });
  });

  it('should count the weekdays from Monday', () => {
    expect(localTime(Date.UTC(2026, 10, 23, 23, 30), 'UTC').weekday).toBe(0);
    expect(localTime(Date.UTC(2026, 10, 23, 23, 30), AMSTERDAM)).toMatchObject({ weekday: 1, hour: 0, minute: 30 });
  });

  it('should know the names of time zones', () => {
    expect(['UTC', 'America/Argentina/Ushuaia', 'Mars/Base', ''].map(isTimeZone)).toEqual([true, true, false, false]);
  });
});
