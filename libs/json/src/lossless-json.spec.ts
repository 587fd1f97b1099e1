import fc from 'fast-check';
import { IntegralDecimal, MAX_DEPTH, parseLosslessElements, parseLosslessJson } from './lossless-json.js';

describe('parseLosslessJson', () => {
  it('should agree with JSON.parse on every value that JSON.parse represents exactly', () => {
    const keys = fc.string().filter((key) => key !== '__proto__' && key !== 'constructor');
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.string({ unit: 'binary' }),
        fc.boolean(),
        fc.constant(null),
        fc.maxSafeInteger(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.array(tie('tree')),
        fc.dictionary(keys, tie('tree')),
      ),
    }));
    const space = fc.constantFrom(undefined, 1, '\t', '\r\n' as string).map((s) => (s === '\r\n' ? 2 : s));
    fc.assert(
      fc.property(tree, space, (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const ours = JSON.stringify(parseLosslessJson(text), (_, v: unknown) =>
          typeof v === 'bigint' ? Number(v) : v,
        );
        expect(ours).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 500 },
    );
  });

  it('should reject everything that JSON.parse rejects', () => {
    const mutated = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom('', '"', '{', ']', ',', '\\', '0', '-', '.', 'e', '\u0001', ' '))
      .map(([json, at, char]) => json.slice(0, at % json.length) + char + json.slice((at % json.length) + 1));
    fc.assert(
      fc.property(mutated, (text) => {
        if (!throws(() => JSON.parse(text))) return;
        expect(() => parseLosslessJson(text)).toThrow(SyntaxError);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['9007199254740993', 9007199254740993n],
    ['-9007199254740993', -9007199254740993n],
    ['9223372036854775807', 9223372036854775807n],
    ['9007199254740991', 9007199254740991],
    ['0', 0],
    ['1.5', 1.5],
  ])('should keep every digit of %s', (text, value) => expect(parseLosslessJson(text)).toBe(value));

  it.each(['5.0', '1e3', '175928847299117063.0'])('should remember that %s was not written as an integer', (text) => {
    expect(parseLosslessJson(text)).toEqual(new IntegralDecimal(Number(text)));
  });

  it('should keep the sign of zero', () => expect(parseLosslessJson('-0')).toBe(-0));

  it.each(['-', '+1', '.5', '1.', '1.e1', '1e', '1e+', '1E-', '00', '-01', '0x1', '1_000', '--1', 'Infinity', '1٠'])(
    'should not accept %s as a number',
    (text) => {
      expect(() => parseLosslessJson(text)).toThrow(SyntaxError);
      expect(() => parseLosslessJson(`[${text}]`)).toThrow(SyntaxError);
    },
  );

  it.each([
    ['{"__proto__":{}}', '__proto__'],
    ['{"\\u005f_proto__":1}', '__proto__'],
    ['{"constructor":{"prototype":{}}}', 'prototype'],
    ['{"a":1,"a":2}', 'twice'],
    ['[01]', '","'],
    ['', 'unexpected end'],
    ['[1] 2', 'unexpected text'],
    ['['.repeat(MAX_DEPTH + 1), 'nested deeper'],
  ])('should refuse %s', (text, reason) => expect(() => parseLosslessJson(text)).toThrow(reason));

  it('should return the source text of the elements of an array', () => {
    const { value, elementText } = parseLosslessElements(' [ {"a": [1, 2]} ,9007199254740993 , "x,]" ] ');
    expect((value as unknown[]).length).toBe(3);
    expect([0, 1, 2].map(elementText)).toEqual(['{"a": [1, 2]}', '9007199254740993', '"x,]"']);
  });
});

describe('parseLosslessElements', () => {
  it('should reject too many elements, and count only those of the top level', () => {
    expect(() => parseLosslessElements('[1,2,3]', 2)).toThrow('array with more than 2 elements (at character 6)');
    expect(parseLosslessElements('[[1,2,3],{"a":[1,2,3]}]', 2).elementText(0)).toBe('[1,2,3]');
    expect(parseLosslessElements('{"a":[1,2,3]}', 2).value).toEqual({ a: [1, 2, 3] });
  });
});

function throws(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}
