/**
 * A JSON parser without loss of digits.
 *
 * `JSON.parse` turns 175928847299117063 into 175928847299117060. This parser returns such integers as `bigint`, and
 * distinguishes `5` from `5.0` (an id has no fraction or exponent). It takes linear time on any input. It rejects valid
 * JSON that is only used by mistake or in attacks: duplicate keys, `__proto__`, `constructor.prototype`, and nesting
 * deeper than {@link MAX_DEPTH}.
 */
export type JsonValue = null | boolean | string | number | bigint | IntegralDecimal | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

/** An integer that was written with a fraction or an exponent: `5.0`, `1e3`. */
export class IntegralDecimal {
  constructor(readonly value: number) {}

  toJSON(): number {
    return this.value;
  }
}

/** The maximum nesting depth of objects and arrays. */
export const MAX_DEPTH = 64;

/** Integers with more digits become a `number`: no field accepts them, and a `bigint` would be expensive. */
const MAX_INTEGER_DIGITS = 40;

// oxlint-disable-next-line no-control-regex -- control characters are what JSON forbids in strings
const NEEDS_JSON_PARSE = /[\\\u0000-\u001f]/;

export interface ParsedElements {
  value: JsonValue;
  /** The exact source text of an element of the top-level array. */
  elementText: (index: number) => string;
}

/** @throws SyntaxError with the position of the first invalid character */
export function parseLosslessJson(text: string): JsonValue {
  return new Parser(text).parseDocument();
}

/**
 * Like {@link parseLosslessJson}, but also returns the source text of each element of a top-level array.
 *
 * @param maxElements the maximum length of the top-level array
 */
export function parseLosslessElements(text: string, maxElements = Infinity): ParsedElements {
  const elements: number[] = [];
  const value = new Parser(text, elements, maxElements).parseDocument();
  return { value, elementText: (index) => text.slice(elements[2 * index], elements[2 * index + 1]) };
}

class Parser {
  private pos = 0;
  private depth = 0;

  /** @param elements receives the start and end position of each element of a top-level array */
  constructor(
    private readonly text: string,
    private readonly elements?: number[],
    private readonly maxElements = Infinity,
  ) {}

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
        this.fail(`the key ${JSON.stringify(key.slice(0, 40))} is given twice`, keyPosition);
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
    this.enter();
    const elements = this.depth === 1 ? this.elements : undefined;
    if (this.peekAfterSpace() === 0x5d) return this.leave([]);
    let array: JsonValue[] | undefined;
    for (;;) {
      this.skipSpace();
      if (elements?.length === 2 * this.maxElements) this.fail(`array with more than ${this.maxElements} elements`);
      elements?.push(this.pos);
      const value = this.parseValue();
      // A push to an empty array would allocate memory for 17 elements.
      if (array === undefined) array = [value];
      else array.push(value);
      elements?.push(this.pos);
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
    if (end === -1) this.fail('unterminated string', start);
    this.pos = end + 1;
    if (end === start + 1) return '';
    const raw = this.text.slice(start + 1, end);
    if (!NEEDS_JSON_PARSE.test(raw)) return raw;
    try {
      return JSON.parse(this.text.slice(start, end + 1)) as string;
    } catch {
      return this.fail('string with an invalid escape or a control character', start);
    }
  }

  /** Whether the quote at `end` has an odd number of backslashes before it. */
  private isEscaped(start: number, end: number): boolean {
    let at = end - 1;
    while (at > start && this.text.charCodeAt(at) === 0x5c) at--;
    return (end - 1 - at) % 2 === 1;
  }

  private parseNumber(): JsonValue {
    const start = this.pos;
    const digits = this.text.charCodeAt(start) === 0x2d ? start + 1 : start; // -
    const integerEnd = this.text.charCodeAt(digits) === 0x30 ? digits + 1 : this.endOfDigits(digits);
    if (integerEnd === digits) this.fail(start < this.text.length ? 'expected a value' : 'unexpected end');
    this.pos = this.endOfExponent(this.endOfFraction(integerEnd));
    const lexeme = this.text.slice(start, this.pos);
    const value = Number(lexeme);
    if (this.pos === integerEnd) {
      if (Number.isSafeInteger(value) || lexeme.length > MAX_INTEGER_DIGITS) return value;
      return BigInt(lexeme);
    }
    return Number.isInteger(value) ? new IntegralDecimal(value) : value;
  }

  // The following three methods return `position` if there is nothing to skip.

  private endOfDigits(position: number): number {
    let at = position;
    for (;;) {
      const code = this.text.charCodeAt(at);
      if (!(code >= 0x30 && code <= 0x39)) return at;
      at++;
    }
  }

  private endOfFraction(position: number): number {
    if (this.text.charCodeAt(position) !== 0x2e) return position; // .
    const end = this.endOfDigits(position + 1);
    return end === position + 1 ? position : end;
  }

  private endOfExponent(position: number): number {
    if ((this.text.charCodeAt(position) | 0x20) !== 0x65) return position; // e, E
    const sign = this.text.charCodeAt(position + 1);
    const digits = sign === 0x2b || sign === 0x2d ? position + 2 : position + 1; // +, -
    const end = this.endOfDigits(digits);
    return end === digits ? position : end;
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
