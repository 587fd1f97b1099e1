import fc from 'fast-check';
import { storableText } from './json-texts.js';

type Schema = Readonly<Record<string, unknown>>;

const DAY_MS = 86_400_000;
const MAX_ID = 9_223_372_036_854_775_807n;

/** Ids that occur often, so that filters and panels match something. */
const KNOWN_IDS = ['1', '155149108183695360', '9007199254740993', String(MAX_ID)];
const ids = fc.oneof(fc.constantFrom(...KNOWN_IDS), fc.bigInt({ min: 1n, max: MAX_ID }).map(String));

/** JSON of a Discord id, as a string or as an integer. */
export const idText: fc.Arbitrary<string> = fc
  .tuple(ids, fc.boolean())
  .map(([id, isText]) => (isText ? `"${id}"` : id));

/** JSON of an empty array, or of one with a few elements. */
const listText = (item: fc.Arbitrary<string>) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant('[]') },
    { weight: 1, arbitrary: fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => `[${items.join()}]`) },
  );

/**
 * JSON of values that a documented schema accepts, including its boundaries. Times are in the 29 days before `now`.
 *
 * @throws Error for an unknown schema, which has to be added here
 */
export function schemaText(schema: Schema, now: number): fc.Arbitrary<string> {
  if (Array.isArray(schema.anyOf)) return fc.oneof(...schema.anyOf.map((option: Schema) => schemaText(option, now)));
  if (Array.isArray(schema.allOf)) return schemaText(schema.allOf[0] as Schema, now);
  const options = (schema.oneOf ?? [schema]) as Schema[];
  const [first, second] = options as [Schema, Schema?];
  if (Array.isArray(first.enum)) return fc.constantFrom(...first.enum.map((word) => JSON.stringify(word)));
  if (first.format === 'date-time' || second?.type === 'number') return instantText(now, options.length > 1);
  if (first.format === 'uuid') return fc.uuid().map((uuid) => `"${uuid}"`);
  if (first.pattern !== undefined && first.maxLength === undefined) return idText;
  if (first.type === 'string') return storableText.map((text) => JSON.stringify(text));
  if (first.type === 'boolean') return fc.constantFrom('true', 'false');
  if (first.type === 'null') return fc.constant('null');
  if (first.type === 'number' || first.type === 'integer') return numberText(first);
  if (first.type === 'array') return listText(schemaText(first.items as Schema, now));
  if (first.properties !== undefined) return objectSchemaText(first.properties as Record<string, Schema>, now);
  if (first.additionalProperties !== undefined)
    return countsText(schemaText(first.additionalProperties as Schema, now));
  throw new Error(`no values for the schema ${JSON.stringify(schema)}`);
}

function instantText(now: number, mayBeNumber: boolean): fc.Arbitrary<string> {
  const iso = fc.tuple(fc.nat(29 * DAY_MS), fc.constantFrom('Z', '+00:00', '+05:45', '-1100')).map(([ago, offset]) => {
    const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(offset) ?? ['', '+', '0', '0'];
    const shift = (sign === '-' ? -60_000 : 60_000) * (Number(hours) * 60 + Number(minutes));
    return `"${new Date(now - ago + shift).toISOString().slice(0, -1)}${offset}"`;
  });
  return mayBeNumber
    ? fc.oneof(
        iso,
        fc.nat(29 * DAY_MS).map((ago) => String(now - ago)),
      )
    : iso;
}

function numberText({ type, minimum, maximum }: Schema): fc.Arbitrary<string> {
  const [min, max] = [Number(minimum), Math.min(Number(maximum), Number.MAX_SAFE_INTEGER)];
  const whole = fc.oneof(fc.constantFrom(min, max), fc.integer({ min, max })).map(String);
  return type === 'integer' ? whole : fc.oneof(whole, fc.double({ min, max, noNaN: true }).map(String));
}

function objectSchemaText(properties: Record<string, Schema>, now: number): fc.Arbitrary<string> {
  const members = Object.entries(properties).map(([name, schema]) =>
    schemaText(schema, now).map((text) => `${JSON.stringify(name)}:${text}`),
  );
  return fc.tuple(...members).map((texts) => `{${texts.join()}}`);
}

function countsText(count: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .uniqueArray(fc.tuple(ids, count), { selector: ([id]) => id, maxLength: 5 })
    .map((entries) => `{${entries.map(([id, text]) => `"${id}":${text}`).join()}}`);
}
