import { BadRequestError } from '../../http/api-error.js';
import { resolveWindow, withinRetention, type WindowFields } from './window.js';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-24T10:00:00.000Z');

function fieldsOf(fields: WindowFields): string[] {
  try {
    resolveWindow(fields, NOW, 62);
  } catch (error) {
    if (error instanceof BadRequestError) return error.details.fields!.map(({ field }) => field);
    throw error;
  }
  return [];
}

describe('resolveWindow', () => {
  it('is the last 30 days by default', () => {
    expect(resolveWindow({}, NOW, 62)).toEqual({ from: NOW - 30 * DAY, to: NOW });
  });

  it('is the requested number of days', () => {
    expect(resolveWindow({ days: 2 }, NOW, 62)).toEqual({ from: NOW - 2 * DAY, to: NOW });
  });

  it('is the requested period', () => {
    expect(resolveWindow({ from: NOW - 50 * DAY, to: NOW - 19 * DAY }, NOW, 62)).toEqual({
      from: NOW - 50 * DAY,
      to: NOW - 19 * DAY,
    });
  });

  it('ends now if there is only a start, or the end is in the future', () => {
    expect(resolveWindow({ from: NOW - DAY }, NOW, 62).to).toBe(NOW);
    expect(resolveWindow({ from: NOW - DAY, to: NOW + 90 * DAY }, NOW, 62).to).toBe(NOW);
  });

  it('is clipped to the retention, and empty if it is completely beyond it', () => {
    expect(resolveWindow({ days: 30 }, NOW, 7)).toEqual({ from: NOW - 7 * DAY, to: NOW });
    expect(resolveWindow({ from: NOW - 20 * DAY, to: NOW - 10 * DAY }, NOW, 7)).toEqual({
      from: NOW - 7 * DAY,
      to: NOW - 7 * DAY,
    });
    expect(resolveWindow({ from: NOW - 20_000 * DAY, to: NOW - 19_999 * DAY }, NOW, 62)).toEqual({
      from: NOW - 62 * DAY,
      to: NOW - 62 * DAY,
    });
  });

  it('is rejected if its fields contradict each other', () => {
    expect(fieldsOf({ days: 1, from: NOW - DAY })).toEqual(['days']);
    expect(fieldsOf({ days: 1, to: NOW })).toEqual(['days']);
    expect(fieldsOf({ to: NOW })).toEqual(['to']);
    expect(fieldsOf({ from: NOW - DAY, to: NOW - DAY })).toEqual(['from']);
    expect(fieldsOf({ from: NOW + DAY })).toEqual(['from']);
    expect(fieldsOf({ from: NOW - 32 * DAY, to: NOW })).toEqual(['from']);
  });

  it('may have exactly 31 days', () => {
    expect(fieldsOf({ from: NOW - 31 * DAY, to: NOW })).toEqual([]);
    expect(fieldsOf({ from: NOW - 31 * DAY - 1, to: NOW })).toEqual(['from']);
  });
});

describe('withinRetention', () => {
  it('keeps the window of a first page that was read a while ago', () => {
    const window = { from: NOW - 31 * DAY - 60_000, to: NOW - 60_000 };
    expect(withinRetention(window, NOW, 62)).toEqual(window);
  });

  it('never exceeds the retention and 31 days', () => {
    expect(withinRetention({ from: 0, to: 8_640_000_000_000_000 }, NOW, 62).to).toBe(NOW);
    expect(withinRetention({ from: 0, to: NOW }, NOW, 62).from).toBe(NOW - 31 * DAY);
  });
});
