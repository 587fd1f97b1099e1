import { FIELD_TYPES } from './field-types.js';
import { IntegralDecimal } from '#libs/json';

const iso = (text: string) => FIELD_TYPES.instant.parse(text);

describe('snowflake', () => {
  it.each([['175928847299117063'], [9223372036854775807n], [42], ['9223372036854775807']])('should accept %s', (id) =>
    expect(FIELD_TYPES.snowflake.parse(id)).toBe(String(id)),
  );
  it.each([
    ['0'],
    [0],
    [-1],
    ['-1'],
    [1.5],
    ['1.5'],
    ['1e3'],
    [new IntegralDecimal(1000)],
    [9223372036854775808n],
    ['9223372036854775808'],
    ['01'],
    [' 1'],
    [''],
    [true],
    [null],
    [[]],
    [{}],
    ['٣'],
    [2 ** 60],
  ])('should refuse %p', (id) => expect(FIELD_TYPES.snowflake.parse(id)).toBeUndefined());
});

describe('text', () => {
  it.each(['x', '🎉'.repeat(100), 'a'.repeat(100)])('should accept %s', (text) =>
    expect(FIELD_TYPES.text.parse(text)).toBe(text),
  );
  it.each(['', '🎉'.repeat(101), 'a'.repeat(101), 'a\u0000b', 'a\ud83c', '\udf89a', 5, null])(
    'should refuse %p',
    (text) => expect(FIELD_TYPES.text.parse(text)).toBeUndefined(),
  );
});

describe('delay', () => {
  it.each([
    [0, 0],
    [12.3456, 12_346],
    [new IntegralDecimal(100), 100_000],
    [86_400_000, 86_400_000_000],
  ])('should read %p milliseconds as %d microseconds', (delay, value) =>
    expect(FIELD_TYPES.delay.parse(delay)).toBe(value),
  );
  it.each([-1, 86_400_001, Number.NaN, Infinity, '5', 5n, null, true])('should refuse %p', (delay) =>
    expect(FIELD_TYPES.delay.parse(delay)).toBeUndefined(),
  );
});

describe('instant', () => {
  it('should truncate to milliseconds and not round', () => {
    expect(iso('2026-11-24T23:59:59.9996Z')).toBe(Date.parse('2026-11-24T23:59:59.999Z'));
    expect(FIELD_TYPES.instant.parse(1_700_000_000_000.9)).toBe(1_700_000_000_000);
  });
  it.each([
    ['2026-11-24T10:00:00+05:45', '2026-11-24T04:15:00.000Z'],
    ['2026-11-24T10:00:00.5-0330', '2026-11-24T13:30:00.500Z'],
    ['2024-02-29T00:00:00.123456Z', '2024-02-29T00:00:00.123Z'],
    ['2026-11-24T10:00:00+00', '2026-11-24T10:00:00.000Z'],
    ['2026-11-24T10:00:00-03', '2026-11-24T13:00:00.000Z'],
    ['2026-11-24T10:00:00−03:30', '2026-11-24T13:30:00.000Z'],
    ['2026-11-24T10:00Z', '2026-11-24T10:00:00.000Z'],
    ['2026-11-24T10:00+02:00', '2026-11-24T08:00:00.000Z'],
    ['2026-11-24T10:00:00,25Z', '2026-11-24T10:00:00.250Z'],
    ['2026-11-24T10:00:00.123456789012Z', '2026-11-24T10:00:00.123Z'],
    ['2026-11-24t10:00:00z', '2026-11-24T10:00:00.000Z'],
    ['20261124T100000Z', '2026-11-24T10:00:00.000Z'],
    ['20261124T100000.5+0545', '2026-11-24T04:15:00.500Z'],
    ['20261124T1000-03', '2026-11-24T13:00:00.000Z'],
  ])('should read %s', (text, utc) => expect(iso(text)).toBe(Date.parse(utc)));
  it.each([
    '2026-11-24',
    '2026-11-24T10:00:00',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-24T24:00:00Z',
    '2026-11-24T10:00:60Z',
    '2026-11-24T10:00:00+24:00',
    '2026-11-24T10:00:00+02:60',
    '2026-11-24T10Z',
    '2026-11-24T10:00.5Z',
    '2026-11-24T10:00:00.Z',
    '2026-11-24T100000Z',
    '20261124T10:00:00Z',
    '2026-1124T100000Z',
    '20261124T100000',
    '20261324T100000Z',
    '20260230T100000Z',
    '20261124T250000Z',
    '2026-11-24 10:00:00Z',
    '2026-11-24T10:00:00 +00:00',
    `2026-11-24T10:00:00.${'1'.repeat(21)}Z`,
    'now',
    '',
    '1700000000000',
    1_700_000_000,
    -1,
    null,
    true,
  ])('should refuse %p', (value) => expect(FIELD_TYPES.instant.parse(value)).toBeUndefined());
});
