/**
 * JSON in which no integer loses a digit.
 *
 * `JSON.parse` turns 175928847299117063 into 175928847299117060. This parser keeps such integers as `bigint`,
 * and keeps the difference between `5` and `5.0` (an id is never written with a fraction or an exponent).
 * It takes linear time on any input, and refuses what JSON allows but nobody means well with: duplicate keys,
 * `__proto__`, `constructor.prototype`, nesting deeper than {@link MAX_DEPTH}.
 */
export type JsonValue = null | boolean | string | number | bigint | IntegralDecimal | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

/** A whole number that was written with a fraction or an exponent: `5.0`, `1e3`. */
export class IntegralDecimal {
  constructor(readonly value: number) {}

  toJSON(): number {
    return this.value;
  }
}

/** Objects and arrays may be nested this deep. */
export const MAX_DEPTH = 64;

/** An integer with more digits than this is of no use to anybody; it is not worth a `bigint`. */
const MAX_INTEGER_DIGITS = 40;

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
// oxlint-disable-next-line no-control-regex -- control characters are what JSON forbids in strings
const NEEDS_CARE = /[\\\u0000-\u001f]/;

export interface ParsedElements {
  value: JsonValue;
  /** Of a top-level array: the source text of each element, byte for byte. */
  elementText: (index: number) => string;
}

/** @throws SyntaxError with the position of the first character that is wrong */
export function parseLosslessJson(text: string): JsonValue {
  return new Parser(text).parseDocument();
}

/** Like {@link parseLosslessJson}, and remembers where each element of a top-level array stands. */
export function parseLosslessElements(text: string): ParsedElements {
  const parser = new Parser(text);
  const value = parser.parseDocument();
  const { elementStarts, elementEnds } = parser;
  return { value, elementText: (index) => text.slice(elementStarts[index], elementEnds[index]) };
}

class Parser {
  readonly elementStarts: number[] = [];
  readonly elementEnds: number[] = [];
  private pos = 0;
  private depth = 0;

  constructor(private readonly text: string) {}

  parseDocument(): JsonValue {
    this.skipSpace();
    const value = this.parseValue();
    this.skipSpace();
    if (this.pos < this.text.length) this.fail('unexpected text after the value');
    return value;
  }

  private parseValue(): JsonValue {
    switch (this.text.charCodeAt(this.pos)) {
      case 0x22: // "
        return this.parseString();
      case 0x7b: // {
        return this.parseObject();
      case 0x5b: // [
        return this.parseArray();
      case 0x74: // t
        return this.parseLiteral('true', true);
      case 0x66: // f
        return this.parseLiteral('false', false);
      case 0x6e: // n
        return this.parseLiteral('null', null);
      default:
        return this.parseNumber();
    }
  }

  private parseObject(): JsonObject {
    const object: JsonObject = {};
    this.enter();
    if (this.peekAfterSpace() === 0x7d) return this.leave(object);
    for (;;) {
      this.skipSpace();
      if (this.text.charCodeAt(this.pos) !== 0x22) this.fail('expected a key in double quotes');
      const keyPosition = this.pos;
      const key = this.parseString();
      if (key === '__proto__') this.fail('the key "__proto__" is not allowed', keyPosition);
      if (Object.hasOwn(object, key))
        this.fail(`the key ${JSON.stringify(key.slice(0, 40))} stands twice`, keyPosition);
      if (this.peekAfterSpace() !== 0x3a) this.fail('expected ":"');
      this.pos++;
      this.skipSpace();
      const value = this.parseValue();
      if (key === 'constructor' && typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype')) {
        this.fail('"constructor" with a "prototype" is not allowed', keyPosition);
      }
      object[key] = value;
      const next = this.peekAfterSpace();
      if (next === 0x7d) return this.leave(object);
      if (next !== 0x2c) this.fail('expected "," or "}"');
      this.pos++;
    }
  }

  private parseArray(): JsonValue[] {
    const array: JsonValue[] = [];
    this.enter();
    const isTopLevel = this.depth === 1;
    if (this.peekAfterSpace() === 0x5d) return this.leave(array);
    for (;;) {
      this.skipSpace();
      if (isTopLevel) this.elementStarts.push(this.pos);
      array.push(this.parseValue());
      if (isTopLevel) this.elementEnds.push(this.pos);
      const next = this.peekAfterSpace();
      if (next === 0x5d) return this.leave(array);
      if (next !== 0x2c) this.fail('expected "," or "]"');
      this.pos++;
    }
  }

  private parseString(): string {
    const start = this.pos;
    let end = this.text.indexOf('"', start + 1);
    while (end !== -1 && this.isEscaped(start, end)) end = this.text.indexOf('"', end + 1);
    if (end === -1) this.fail('a string without an end', start);
    this.pos = end + 1;
    const raw = this.text.slice(start + 1, end);
    if (!NEEDS_CARE.test(raw)) return raw;
    try {
      return JSON.parse(this.text.slice(start, end + 1)) as string;
    } catch {
      return this.fail('a string with a wrong escape or a control character', start);
    }
  }

  /** Whether the quote at `end` has an odd number of backslashes before it. */
  private isEscaped(start: number, end: number): boolean {
    let at = end - 1;
    while (at > start && this.text.charCodeAt(at) === 0x5c) at--;
    return (end - 1 - at) % 2 === 1;
  }

  private parseNumber(): JsonValue {
    NUMBER.lastIndex = this.pos;
    const match = NUMBER.exec(this.text);
    if (match === null) this.fail(this.pos < this.text.length ? 'expected a value' : 'unexpected end');
    const [lexeme, fraction, exponent] = match;
    this.pos += lexeme.length;
    const value = Number(lexeme);
    if (fraction === undefined && exponent === undefined) {
      if (Number.isSafeInteger(value) || lexeme.length > MAX_INTEGER_DIGITS) return value;
      return BigInt(lexeme);
    }
    return Number.isInteger(value) ? new IntegralDecimal(value) : value;
  }

  private parseLiteral<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.pos)) this.fail('expected a value');
    this.pos += word.length;
    return value;
  }

  private enter(): void {
    if (++this.depth > MAX_DEPTH) this.fail(`nested deeper than ${MAX_DEPTH}`);
    this.pos++;
  }

  private leave<T>(value: T): T {
    this.depth--;
    this.pos++;
    return value;
  }

  private peekAfterSpace(): number {
    this.skipSpace();
    return this.text.charCodeAt(this.pos);
  }

  private skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.pos);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.pos++;
    }
  }

  private fail(what: string, position = this.pos): never {
    throw new SyntaxError(`${what} (at character ${position + 1})`);
  }
}
