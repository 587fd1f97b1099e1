import { intervalOf, isLive, parseView, searchOf, windowQuery } from './view.js';

const NOW = Date.parse('2026-11-24T10:00:00Z');

describe('the address of a statistics page', () => {
  it.each([
    '?days=30&interval=day&tz=Europe/Amsterdam&group=channel',
    '?days=1&tz=UTC&kind=command.used',
    '?from=2026-10-24&to=2026-10-26&tz=Asia/Kathmandu',
    '?from=2026-10-24T22:00:00Z&to=2026-10-25T23:00:00.000Z&tz=UTC',
    '?from=2026-10-24T22:00Z&tz=UTC',
  ])('should be the same after it was read and written: %s', (search) => {
    expect(searchOf(parseView(search))).toBe(search);
  });

  it('should be the last 7 days in the time zone of the browser by default', () => {
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    expect(parseView('')).toEqual({ days: 7, from: '', to: '', interval: null, timeZone, group: null, kind: null });
  });

  it.each(['?days=0', '?days=31', '?days=1.5', '?days=x', '?to=2026-10-26', '?from=yesterday', '?from=2026-99-99'])(
    'should be the default if it makes no sense: %s',
    (search) => expect(parseView(search)).toMatchObject({ days: 7, from: '', to: '' }),
  );

  it('should keep offsets whose sign is not encoded', () => {
    const view = parseView('?from=2026-10-25T00:00:00+02:00&to=2026-10-26T00:00:00%2B01:00&tz=UTC');
    expect(windowQuery(view)).toEqual({ from: '2026-10-24T22:00:00.000Z', to: '2026-10-25T23:00:00.000Z' });
  });

  it('should include the last day, with all of its 25 hours', () => {
    const view = parseView('?from=2026-10-25&to=2026-10-25&tz=Europe/Amsterdam');
    expect(windowQuery(view)).toEqual({ from: '2026-10-24T22:00:00.000Z', to: '2026-10-25T23:00:00.000Z' });
  });

  it('should end with the last day of a month', () => {
    expect(windowQuery(parseView('?from=2026-10-31&to=2026-12-31&tz=UTC')).to).toBe('2027-01-01T00:00:00.000Z');
  });

  it('should be live if the window ends now or later', () => {
    const live = ['?days=1', '?from=2026-11-20', '?from=2026-11-20&to=2026-11-24&tz=UTC'];
    expect(live.map((search) => isLive(parseView(search), NOW))).toEqual([true, true, true]);
    expect(isLive(parseView('?from=2026-11-20&to=2026-11-23&tz=UTC'), NOW)).toBe(false);
  });

  it('should have hours in windows up to 8 days, unless it says otherwise', () => {
    const searches = ['?days=7', '?days=30', '?days=30&interval=hour', '?from=2026-11-01&to=2026-11-08&tz=UTC'];
    expect(searches.map((search) => intervalOf(parseView(search), NOW))).toEqual(['hour', 'day', 'hour', 'hour']);
  });
});
