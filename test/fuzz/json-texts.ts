import fc from 'fast-check';

/** JSON of values that most fields refuse, including forms that `JSON.stringify` never writes. */
const ODD_TEXTS = [
  ...['null', 'true', 'false', '0', '-0', '-1', '1', '1.0', '5.0', '0.1', '1e3', '1E-400', '1e400', '-1e400'],
  ...['9007199254740993', '9223372036854775807', '9223372036854775808', '-9223372036854775809', `1${'0'.repeat(60)}`],
  ...['""', '" 1"', '"01"', '"1e3"', '"-1"', '"0"', '"1.5"', '"１"', '"9223372036854775808"', '"null"', '"NaN"'],
  ...['"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ufeff"', '"\\ufffe"', '"__proto__"', '"constructor"'],
  ...['[]', '[[]]', '[null]', '[{}]', '{}', '{"toString":null}', '{"constructor":1}', '{"then":1}', '{"length":1e9}'],
  ...['"2026-02-30T00:00:00Z"', '"0000-01-01T00:00:00Z"', '"+275760-09-13T00:00:00.001Z"', '"0193a8d0-"'],
];

/** JSON of unusual values, including invalid and very large ones. */
export const oddText: fc.Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...ODD_TEXTS) },
  { weight: 3, arbitrary: fc.json({ stringUnit: 'binary' }) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)) },
  { weight: 1, arbitrary: fc.integer({ min: 60, max: 70 }).map(nested) },
  { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 30_000 }).map(nested) },
  { weight: 1, arbitrary: fc.integer({ min: 99, max: 30_000 }).map((length) => `"${'a'.repeat(length)}"`) },
);

const CODE_POINTS = [
  ...['"', '\\', '\n', '\r', '\t', '\b', '\u0001', '\u007f', '\u2028', '\u{1f600}', '\u{10ffff}', 'é', 'e\u0301'],
  ...["'", ',', '{', '}', 'NULL', '\\N', '\\.', '$1', '%', '_', '\u202e', '\uffff', '\ufeff', ' '],
].flatMap((text) => Array.from(text));

/** A valid text of 1 to 100 code points, often with characters that are special in formats and databases. */
export const storableText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(...CODE_POINTS),
      fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)),
      fc.integer({ min: 1, max: 0xd7ff }).map((code) => String.fromCodePoint(code)),
    ),
    { minLength: 1, maxLength: 100, size: 'small' },
  )
  .map((codePoints) => codePoints.join(''));

/** JSON of an object with members whose values are JSON. Names may be duplicates. */
export function objectText(members: readonly (readonly [name: string, text: string])[], space = ''): string {
  return `{${members.map(([name, text]) => `${space}${JSON.stringify(name)}${space}:${text}`).join(',')}${space}}`;
}

interface Edit {
  /** The position in millionths of the length. */
  at: number;
  what: 'drop' | 'repeat' | 'cut' | 'insert';
  text: string;
}

const PIECES = [
  ...['{', '}', '[', ']', '"', ',', ':', '\\', '-', '.', 'e', '0', '9', ' ', '\n', '\t'],
  ...['\u0000', '\ufeff', 'é', '\u{1f600}', 'null', '\\u0000', '\\ud800', '"__proto__":{},', '"constructor":{},'],
];

const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({
    at: fc.nat(1_000_000),
    what: fc.constantFrom('drop', 'repeat', 'insert', 'insert', 'cut'),
    text: fc.constantFrom(...PIECES),
  }),
  { minLength: 1, maxLength: 3 },
);

/** The text with a few edits, which often make it invalid JSON, and sometimes another value. */
export function mangled(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(text, edits).map(([original, changes]) => changes.reduce(applyEdit, original));
}

/** The text with bytes that are not valid UTF-8. */
export function brokenUtf8(text: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  const bad = fc.constantFrom([0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x28]);
  return fc.tuple(text, bad, fc.nat(1_000_000)).map(([original, bytes, at]) => {
    const content = Buffer.from(original);
    const place = Math.floor((at / 1_000_001) * content.length);
    return Buffer.concat([content.subarray(0, place), Buffer.from(bytes), content.subarray(place)]);
  });
}

function applyEdit(text: string, { at, what, text: piece }: Edit): string {
  const place = Math.floor((at / 1_000_001) * text.length);
  const [before, here, after] = [text.slice(0, place), text.slice(place, place + 1), text.slice(place + 1)];
  if (what === 'drop') return before + after;
  if (what === 'repeat') return before + here + here + after;
  return what === 'cut' ? before : before + piece + here + after;
}

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}
