import fc from 'fast-check';
import type { FieldType } from '#libs/contracts';

const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`));
const twoDigits = fc.integer({ min: 0, max: 62 }).map((number) => String(number).padStart(2, '0'));
const year = fc.oneof(digits(4), fc.constantFrom('2024', '1900', '2000', '2026', '0000'));
const day = fc.constantFrom('00', '01', '28', '29', '30', '31', '32');
const month = fc.integer({ min: 0, max: 13 }).map((number) => String(number).padStart(2, '0'));
const hour = fc.constantFrom('00', '09', '19', '23', '24');

/** Generates the usual values most of the time. */
function mostly<T>(usual: fc.Arbitrary<T>, unusual: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 8, arbitrary: usual }, { weight: 1, arbitrary: unusual });
}

const fraction = fc.constantFrom('', '.5', ',25', `.${'1'.repeat(20)}`);
const wrongFraction = fc.constantFrom('.', `.${'1'.repeat(21)}`, '.5.5', 'x');
const offset = mostly(
  fc.constantFrom('Z', 'z', '+00', '-03', '\u221203:30', '+0545', '+23:59', '-00:00'),
  fc.oneof(
    fc.constantFrom('', ' Z', '+24:00', '+02:60', '+2', 'Z\n'),
    fc.tuple(fc.constantFrom('+', '-'), hour, fc.constantFrom('', ':'), twoDigits).map((parts) => parts.join('')),
  ),
);
const separators = mostly<readonly [string, string, string]>(
  fc.constantFrom(['-', ':', 'T'], ['', '', 'T'], ['-', ':', 't']),
  fc.constantFrom(['-', '', 'T'], ['', ':', 'T'], ['/', ':', 'T'], ['-', ':', ' ']),
);

/** ISO 8601 times, valid and almost valid. */
const instantText = fc
  .record({
    separators,
    date: fc.tuple(year, month, day),
    hour: mostly(fc.constantFrom('00', '09', '19', '23'), fc.constant('24')),
    minute: mostly(fc.constantFrom('00', '59'), twoDigits),
    second: mostly(fc.constantFrom(undefined, '00', '59'), fc.constantFrom('60', '6')),
    fraction: mostly(fraction, wrongFraction),
    offset,
  })
  .map(({ separators: [ofDate, ofTime, between], date, hour: h, minute, second, fraction: part, offset: zone }) => {
    const seconds = second === undefined ? '' : `${ofTime}${second}${part}`;
    return `${date.join(ofDate)}${between}${h}${ofTime}${minute}${seconds}${zone}`;
  });

const MAX_ID = 2n ** 63n - 1n;
const idText = fc.oneof(
  fc.bigInt({ min: -2n, max: MAX_ID + 10n }).map(String),
  fc.bigInt({ min: MAX_ID - 1_000n, max: MAX_ID + 1_000n }).map(String),
  fc.integer({ min: 0, max: 18 }).map((length) => String(MAX_ID).slice(0, length) + '9'.repeat(19 - length)),
  fc.constantFrom('0', '01', '-1', ' 1', '1.0', '1e3', '１', '', '1\n', '9'.repeat(19), '1'.repeat(20)),
);
const uuid = fc.oneof(
  fc.uuid(),
  fc.uuid().map((text) => text.toUpperCase()),
  fc.uuid().map((text) => `urn:uuid:${text}`),
  fc.uuid().map((text) => text.slice(1)),
  fc.uuid().map((text) => `${text}\n`),
);
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 1, 1.5, -1, 86_400_000, 86_400_000.5, 86_400_001, 2_147_483_647, 2_147_483_648),
  fc.constantFrom(99_999_999_999, 1e11, 1e11 + 0.5, 8.64e15, 8.64e15 + 2, 2 ** 53, 2 ** 63 - 1_024, 2 ** 63, 1e21),
);
const label = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 110 }),
  fc.string({ unit: 'binary', minLength: 95, maxLength: 105 }),
  fc.constantFrom('', '\u0000', 'a\ud83c', '\udf89a', '🎉'.repeat(100), '🎉'.repeat(101), 'a'.repeat(101), '\n'),
);
const counts = fc.oneof(
  fc.dictionary(idText, fc.oneof(fc.nat(), number), { maxKeys: 3 }),
  fc.dictionary(idText, fc.nat(), { maxKeys: 3 }),
  fc.constantFrom(999, 1_000, 1_001).map((length) => Object.fromEntries(numbered(length))),
);

function numbered(length: number): [string, number][] {
  return Array.from({ length }, (_, index) => [String(index + 1), index]);
}

/** Valid and almost valid values for each field type. */
const OF_TYPE = {
  snowflake: fc.oneof(idText, number),
  text: label,
  boolean: fc.boolean(),
  delay: number,
  uuid,
  instant: fc.oneof({ weight: 4, arbitrary: instantText }, number),
  count: number,
  countsById: counts,
  notTrue: fc.boolean(),
} as const satisfies Record<FieldType, fc.Arbitrary<unknown>>;

const anyJson = fc.jsonValue({ maxDepth: 1 }).filter((value) => !JSON.stringify(value).includes('__proto__'));

/** JSON values for a field of a type: mostly valid or almost valid ones, and sometimes anything else. */
export function fieldValue(type: FieldType): fc.Arbitrary<unknown> {
  const others = fc.oneof(...Object.values<fc.Arbitrary<unknown>>(OF_TYPE), fc.constant(null), anyJson);
  return mostly<unknown>(OF_TYPE[type], others);
}
