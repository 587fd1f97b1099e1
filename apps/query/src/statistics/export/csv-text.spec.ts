import fc from 'fast-check';
import { csvLine, textForSpreadsheets } from './csv-text.js';

describe('textForSpreadsheets', () => {
  it.each([
    ...['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\ttab', '\r=1', '\nx', '＝1', '＋1', '－1', '＠x', "'x", "'"],
    ...[' =1+1', '   @x', '\u00a0=1', '\u3000=1', '\ufeff=1', '\u200b=1', '\v=1', " 'x"],
    ...['175928847299117063', '9223372036854775807', '1', '1.5', '1,5', '1e5', '1E-5', '50%', '1/2', '10:30', '24.12.'],
    ...['2026-11-24', '1 000', '1\u00a0000', ' 1 ', '-', '=', '%', ' '],
  ])('should mark %j as text', (text) => {
    expect(textForSpreadsheets(text)).toBe(`'${text}`);
  });

  it.each(['ping', 'a=1', 'a-b', 'user@example', 'x\t=1', '1a', "it's", '"=1"', '😀', 'é', '1 day', ' a'])(
    'should leave %j as it is',
    (text) => {
      expect(textForSpreadsheets(text)).toBe(text);
    },
  );

  it('should be reversible by removing one leading apostrophe', () => {
    const texts = fc.oneof(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[ '=+@\t0-9.-]{0,8}$/));
    fc.assert(
      fc.property(texts, (text) => {
        const written = textForSpreadsheets(text);
        expect(written.replace(/^'/, '')).toBe(text);
        expect(written).not.toMatch(/^\s*[=+\-@＝＋－＠]/);
      }),
    );
  });
});

describe('csvLine', () => {
  it('should end with CRLF, and quote only cells that need it', () => {
    expect(csvLine(['a', '', 'b c', 'ä😀'])).toBe('a,,b c,ä😀\r\n');
  });

  it('should double quotes', () => {
    expect(csvLine(['say "hi"', '"'])).toBe('"say ""hi""",""""\r\n');
  });

  it.each(['a,b', 'a;b', 'a\tb', 'a\nb', 'a\r\nb', 'a\rb', ' a', 'a '])('should quote %j', (cell) => {
    expect(csvLine([cell])).toBe(`"${cell}"\r\n`);
  });
});
