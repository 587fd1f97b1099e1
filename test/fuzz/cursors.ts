import fc from 'fast-check';

/** A change of a real cursor before it is sent. */
export interface CursorChange {
  what: 'nothing' | 'letter' | 'cut' | 'twice' | 'part';
  /** The position in millionths of the length, or the index of the part. */
  at: number;
  /** The replacement: a letter, or JSON of a part. */
  text: string;
}

const PARTS = [
  ...['null', '0', '-1', '1.5', '1e300', '8640000000000001', '"x"', '[]', '{}', '""', 'true'],
  ...['"2026-02-30T00:00:00.000000Z"', '"0000-01-01T00:00:00.000000Z"', '"9999-12-31T23:59:59.999999Z"'],
  ...['"2026-11-24T24:00:00.000000Z"', '"00000000-0000-0000-0000-000000000000"', '"\\u0000"', '"\\ud800"'],
];

export const cursorChange: fc.Arbitrary<CursorChange> = fc.oneof(
  fc.record({ what: fc.constant('nothing' as const), at: fc.constant(0), text: fc.constant('') }),
  fc.record({ what: fc.constant('part' as const), at: fc.nat(5), text: fc.constantFrom(...PARTS) }),
  fc.record({
    what: fc.constantFrom('letter' as const, 'cut' as const, 'twice' as const),
    at: fc.nat(1_000_000),
    text: fc.constantFrom('A', '-', '_', '+', '=', '%00', '%ff', ''),
  }),
);

/** The changed cursor for a query string. */
export function changeCursor(cursor: string, { what, at, text }: CursorChange): string {
  const place = Math.floor((at / 1_000_001) * cursor.length);
  if (what === 'letter') return cursor.slice(0, place) + text + cursor.slice(place + 1);
  if (what === 'cut') return cursor.slice(0, place);
  if (what === 'twice') return cursor + cursor;
  return what === 'nothing' ? cursor : withPart(cursor, at, text);
}

/** The cursor is a JSON array in base64url. Replaces one of its parts, or adds one. */
function withPart(cursor: string, index: number, text: string): string {
  const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
  const texts = parts.map((part) => JSON.stringify(part));
  texts[index] = text;
  return Buffer.from(`[${texts.join()}]`).toString('base64url');
}
