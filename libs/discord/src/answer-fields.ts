/** An answer of Discord, or of a proxy in between, that lacks a required field. */
export class UnreadableAnswerError extends Error {
  override readonly name = 'UnreadableAnswerError';
}

/** The fields of an untrusted JSON object. Every field may be missing or have another type. */
export class AnswerFields {
  private constructor(private readonly values: Readonly<Record<string, unknown>>) {}

  /** @throws UnreadableAnswerError if the value is not an object */
  static of(value: unknown): AnswerFields {
    if (isObject(value)) return new AnswerFields(value);
    throw new UnreadableAnswerError('an object is missing');
  }

  /** @throws UnreadableAnswerError if the value is not a list, or if `read` throws it for an element */
  static each<T>(value: unknown, read: (fields: AnswerFields) => T): T[] {
    if (!Array.isArray(value)) throw new UnreadableAnswerError('a list is missing');
    return value.map((element) => read(AnswerFields.of(element)));
  }

  /** A required id. @throws UnreadableAnswerError if it is missing */
  id(key: string): string {
    const id = this.optionalId(key);
    if (id === undefined) throw new UnreadableAnswerError(`${key} is missing`);
    return id;
  }

  optionalId(key: string): string | undefined {
    const value = this.text(key);
    return value !== undefined && /^[0-9]{1,19}$/.test(value) ? value : undefined;
  }

  text(key: string): string | undefined {
    const value = this.values[key];
    return typeof value === 'string' ? value : undefined;
  }

  number(key: string): number | undefined {
    const value = this.values[key];
    return typeof value === 'number' ? value : undefined;
  }

  /** Bits as a string of digits, which is how Discord sends permissions. 0 if missing. */
  bits(key: string): bigint {
    const value = this.text(key);
    return value !== undefined && /^[0-9]{1,40}$/.test(value) ? BigInt(value) : 0n;
  }

  flag(key: string): boolean {
    return this.values[key] === true;
  }

  object(key: string): AnswerFields | undefined {
    const value = this.values[key];
    return isObject(value) ? new AnswerFields(value) : undefined;
  }

  /** @throws UnreadableAnswerError */
  requiredObject(key: string): AnswerFields {
    return AnswerFields.of(this.values[key]);
  }

  /** Empty if the field is not a list. */
  list<T>(key: string, read: (fields: AnswerFields) => T): T[] {
    const value = this.values[key];
    return Array.isArray(value) ? AnswerFields.each(value, read) : [];
  }

  ids(key: string): string[] {
    const value = this.values[key];
    return Array.isArray(value) ? value.filter((id): id is string => typeof id === 'string') : [];
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
