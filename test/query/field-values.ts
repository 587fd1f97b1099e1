import type { DocumentedField } from './documented-api.js';

const TOO_LARGE_ID = '9223372036854775808';
const NEITHER = ['[]', '{}', '[1]', '{"constructor": 1}', '{"toString": null}'];
const ODD_TEXTS = ['"\\u0000"', '"\\ud800"'];

interface FieldKind {
  /** JSON of a valid value. */
  right: string;
  /** JSON of invalid values. */
  wrong: string[];
  /** Invalid values in a query string, percent-encoded. */
  wrongText: string[];
}

/** Valid and invalid values for each kind of field. */
const KINDS = {
  snowflake: {
    right: '"9007199254740993"',
    wrong: [
      ...['true', '""', '"abc"', '"-1"', '-1', '0', '"0"', '1.5', '1e3', '5.0', '"1e3"', '" 1"', '"01"', '"１"'],
      ...[TOO_LARGE_ID, `"${TOO_LARGE_ID}"`, `1${'0'.repeat(60)}`, `-${TOO_LARGE_ID}`, ...NEITHER, ...ODD_TEXTS],
    ],
    wrongText: ['', 'abc', '-1', '0', '1.5', '1e3', '01', '%201', TOO_LARGE_ID, '%00', '[]', 'null', '%EF%BC%91'],
  },
  snowflakes: {
    right: '"9007199254740993,9007199254740995"',
    wrong: [],
    wrongText: ['', ',', '1,', '1,x', '1,1.5', '1,0', `1,${TOO_LARGE_ID}`, '%00', Array(101).fill('1').join(',')],
  },
  text: {
    right: '"a"',
    wrong: ['1', 'true', '""', `"${'a'.repeat(101)}"`, `"${'😀'.repeat(101)}"`, ...NEITHER, ...ODD_TEXTS],
    wrongText: [],
  },
  anyText: { right: '"a"', wrong: ['1', 'true', ...NEITHER], wrongText: [] },
  boolean: {
    right: 'true',
    wrong: ['0', '1', '"true"', '""', TOO_LARGE_ID, '1.0', ...NEITHER],
    wrongText: [],
  },
  delay: {
    right: '12.5',
    wrong: ['"5"', '""', 'true', '-1', '-0.001', '86400001', '86400000.5', '1e400', TOO_LARGE_ID, ...NEITHER],
    wrongText: [],
  },
  uuid: {
    right: '"0193a8d0-1111-4222-8333-444455556666"',
    wrong: ['"x"', '""', '1', 'true', TOO_LARGE_ID, '"0193a8d0-1111-4222-8333-44445555666"', ...NEITHER, ...ODD_TEXTS],
    wrongText: [],
  },
  instant: {
    right: `"${new Date().toISOString()}"`,
    wrong: [
      ...['"yesterday"', '""', 'true', '-1', '0', '1700000000', '1e300', TOO_LARGE_ID, '"2026-02-30T00:00:00Z"'],
      ...['"2026-11-24"', '"2026-11-24T10:00:00"', '"2026-11-24T25:00:00Z"', ...NEITHER, ...ODD_TEXTS],
    ],
    wrongText: ['', 'yesterday', '-1', '1700000000', '2026-02-30T00:00:00Z', '2026-11-24', TOO_LARGE_ID, '%00'],
  },
  integer: {
    right: '1',
    wrong: ['"1"', '""', 'true', '-1', '0', '1.5', '1e9', TOO_LARGE_ID, ...NEITHER],
    wrongText: ['', 'x', '0', '-1', '1.5', '1e1', '10001', TOO_LARGE_ID, '%00', 'NaN', '0x1'],
  },
  list: {
    right: '[]',
    wrong: ['1', 'true', '""', '"a"', '{}', '{"0": 1}', '[null]', '[{}]', '[[]]', `[${TOO_LARGE_ID}]`, '[true]'],
    wrongText: [],
  },
  statistic: {
    right: '{"kind": "message.sent", "days": 7}',
    wrong: [
      ...['1', 'true', '""', '[]', '{}', '{"kind": "message.sent"}', '{"days": 7}', '{"kind": "x", "days": 7}'],
      ...['{"kind": "message.sent", "days": 0}', '{"kind": "message.sent", "days": 31}'],
      ...['{"kind": "message.sent", "days": "7"}', '{"kind": "message.sent", "days": 7, "more": 1}'],
    ],
    wrongText: [],
  },
  cursor: {
    right: '""',
    wrong: [],
    wrongText: ['', 'x', 'bnVsbA', '%00', 'WzEsMiwzLDQsNV0', 'a'.repeat(1000)],
  },
} as const satisfies Record<string, FieldKind>;

export function rightValue(field: DocumentedField): string {
  return kindOf(field).right;
}

/** JSON of values that the field rejects. */
export function wrongValues(field: DocumentedField): readonly string[] {
  const mayBeNull = isNullable(field) || (!field.required && !isStrictlyOptional(field));
  return [...kindOf(field).wrong, ...(mayBeNull ? [] : ['null'])];
}

/** Values that the field rejects in a query string, percent-encoded. */
export function wrongTexts(field: DocumentedField): readonly string[] {
  return kindOf(field).wrongText;
}

function kindOf(field: DocumentedField): FieldKind {
  const schema = valueSchema(field);
  const [first, second] = (schema.oneOf ?? [schema]) as Record<string, unknown>[];
  if (field.name === 'cursor') return KINDS.cursor;
  if (field.name === 'ids') return KINDS.snowflakes;
  if (field.name === 'statistic') return KINDS.statistic;
  if (Array.isArray(first?.enum)) return wordOf(first.enum as string[]);
  if (first?.format === 'date-time' || second?.type === 'number') return KINDS.instant;
  if (first?.format === 'uuid') return KINDS.uuid;
  if (first?.maxLength !== undefined) return KINDS.text;
  if (first?.pattern !== undefined) return KINDS.snowflake;
  if (first?.type === 'string') return KINDS.anyText;
  if (first?.type === 'boolean') return KINDS.boolean;
  if (first?.type === 'number') return KINDS.delay;
  if (first?.type === 'integer') return KINDS.integer;
  if (first?.type === 'array') return KINDS.list;
  throw new Error(`no values for ${field.name}: ${JSON.stringify(field.schema)}`);
}

/** An enum in a query string. */
function wordOf([first]: string[]): FieldKind {
  return {
    right: JSON.stringify(first),
    wrong: [],
    wrongText: ['', 'x', `${first}x`, first!.toUpperCase(), '%00', '1'],
  };
}

function isNullable({ schema }: DocumentedField): boolean {
  return Array.isArray(schema.anyOf) && schema.anyOf.some((option: { type?: string }) => option.type === 'null');
}

/** Optional fields of events may be null; those of settings only if the schema says so. */
function isStrictlyOptional({ name }: DocumentedField): boolean {
  return !['user_id', 'event_id', 'occurred_at', 'guild_id'].includes(name);
}

/** The schema of a value that is not null, without its `anyOf` and `allOf` wrappers. */
function valueSchema({ schema }: DocumentedField): Record<string, unknown> {
  let inner: Record<string, unknown> = schema;
  for (;;) {
    const [first] = (inner.anyOf ?? inner.allOf ?? []) as Record<string, unknown>[];
    if (first === undefined) return inner;
    inner = first;
  }
}
