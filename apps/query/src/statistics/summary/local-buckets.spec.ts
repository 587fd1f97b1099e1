import { localBuckets, type Interval } from './local-buckets.js';
import { parseTimeZone } from './time-zone.js';

const HOUR_MS = 3_600_000;

function buckets(interval: Interval, timeZone: string, from: string, to: string): string[] {
  const starts = localBuckets({ from: Date.parse(from), to: Date.parse(to) }, interval, timeZone);
  return starts.map((start) => new Date(start).toISOString().slice(0, 16));
}

describe('localBuckets', () => {
  it.each([
    ['Asia/Kolkata', '2026-11-01T18:30'],
    ['Asia/Kathmandu', '2026-11-01T18:15'],
    ['Pacific/Chatham', '2026-11-02T10:15'],
    ['UTC', '2026-11-02T00:00'],
  ])('should start the days of %s at local midnight', (timeZone, second) => {
    const [first, next] = buckets('day', timeZone, '2026-11-01T12:00Z', '2026-11-02T12:00Z').slice(-2);
    expect(next).toBe(second);
    expect(Date.parse(`${next}Z`) - Date.parse(`${first}Z`)).toBe(24 * HOUR_MS);
  });

  it('should give Amsterdam a day of 25 hours in autumn, with the hour from 2:00 twice', () => {
    expect(buckets('day', 'Europe/Amsterdam', '2026-10-24T12:00Z', '2026-10-26T12:00Z')).toEqual([
      '2026-10-23T22:00',
      '2026-10-24T22:00',
      '2026-10-25T23:00',
    ]);
    const hours = buckets('hour', 'Europe/Amsterdam', '2026-10-24T22:00Z', '2026-10-25T23:00Z');
    expect(hours).toHaveLength(25);
    expect(hours.slice(2, 4)).toEqual(['2026-10-25T00:00', '2026-10-25T01:00']);
  });

  it('should give Amsterdam a day of 23 hours in spring', () => {
    expect(buckets('day', 'Europe/Amsterdam', '2026-03-28T12:00Z', '2026-03-30T12:00Z')).toEqual([
      '2026-03-27T23:00',
      '2026-03-28T23:00',
      '2026-03-29T22:00',
    ]);
    expect(buckets('hour', 'Europe/Amsterdam', '2026-03-28T23:00Z', '2026-03-29T22:00Z')).toHaveLength(23);
  });

  it('should put the half hour that Lord Howe Island repeats into one bucket of 90 minutes, and omit the one it skips', () => {
    expect(buckets('hour', 'Australia/Lord_Howe', '2026-04-04T13:00Z', '2026-04-04T16:30Z')).toEqual([
      '2026-04-04T13:00',
      '2026-04-04T14:00', // 01:00 to 02:00, and again from 01:30
      '2026-04-04T15:30',
    ]);
    expect(buckets('hour', 'Australia/Lord_Howe', '2026-10-03T14:30Z', '2026-10-03T17:00Z')).toEqual([
      '2026-10-03T14:30',
      '2026-10-03T15:30', // 02:30 to 03:00
      '2026-10-03T16:00',
    ]);
    expect(buckets('day', 'Australia/Lord_Howe', '2026-04-04T12:00Z', '2026-04-06T12:00Z')).toEqual([
      '2026-04-03T13:00',
      '2026-04-04T13:00',
      '2026-04-05T13:30',
    ]);
  });

  it('should start an hour when Chatham sets its clocks back into the previous hour', () => {
    expect(buckets('hour', 'Pacific/Chatham', '2026-04-04T12:30Z', '2026-04-04T15:00Z')).toEqual([
      '2026-04-04T12:15',
      '2026-04-04T13:15', // 03:00 to 03:45
      '2026-04-04T14:00', // 02:45 to 03:00
      '2026-04-04T14:15', // 03:00 again
    ]);
  });

  it('should start a day at 1:00 if the clocks skip midnight, and only once if they repeat it', () => {
    expect(buckets('day', 'Africa/Cairo', '2026-04-23T12:00Z', '2026-04-25T12:00Z')).toEqual([
      '2026-04-22T22:00',
      '2026-04-23T22:00', // the clocks show 01:00
      '2026-04-24T21:00',
    ]);
    expect(buckets('day', 'America/Havana', '2026-10-31T12:00Z', '2026-11-02T12:00Z')).toEqual([
      '2026-10-31T04:00',
      '2026-11-01T04:00',
      '2026-11-02T05:00',
    ]);
    expect(buckets('day', 'Asia/Beirut', '2026-10-24T12:00Z', '2026-10-25T23:00Z')).toEqual([
      '2026-10-23T21:00',
      '2026-10-24T22:00',
      '2026-10-25T22:00',
    ]);
  });

  it('should find two clock changes in one month', () => {
    // Morocco sets its clocks back for Ramadan: in 2026 from 15 February to 22 March.
    const days = buckets('day', 'Africa/Casablanca', '2026-02-13T12:00Z', '2026-03-24T12:00Z');
    const lengths = days
      .slice(1)
      .map((day, index) => (Date.parse(`${day}Z`) - Date.parse(`${days[index]}Z`)) / HOUR_MS);
    expect(lengths.filter((hours) => hours === 25)).toHaveLength(1);
    expect(lengths.filter((hours) => hours === 23)).toHaveLength(1);
  });

  it('should return no bucket for an empty window', () => {
    expect(buckets('day', 'UTC', '2026-03-01T12:00Z', '2026-03-01T12:00Z')).toEqual([]);
  });

  it('should return one bucket for a window inside one bucket', () => {
    expect(buckets('day', 'UTC', '2026-03-01T12:00:00.000Z', '2026-03-01T12:00:00.001Z')).toEqual(['2026-03-01T00:00']);
    expect(buckets('day', 'UTC', '2026-03-01T00:00Z', '2026-03-02T00:00Z')).toEqual(['2026-03-01T00:00']);
  });
});

describe('parseTimeZone', () => {
  it.each(['Europe/Amsterdam', 'UTC', 'Etc/GMT+5', 'America/Argentina/Buenos_Aires', 'asia/kolkata'])(
    'should accept %s',
    (name) => expect(parseTimeZone(name)).toBeDefined(),
  );

  it.each(['+05:30', '-08', 'Europe/Atlantis', '', 'UTC+1', '../etc/passwd', 'Europe/Amsterdam '])(
    'should reject %j',
    (name) => expect(parseTimeZone(name)).toBeUndefined(),
  );

  it('should return the same name for all spellings of a zone', () => {
    expect(parseTimeZone('EUROPE/AMSTERDAM')).toBe(parseTimeZone('europe/amsterdam'));
  });
});
