import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import * as spec from 'discord-api-spec/zod';
import * as z from 'zod/mini';

/** The name of a schema in Discord's specification, such as `MessageCreateRequest`. Unknown fields are mistakes. */
export type SchemaName = string;

type JsonSchema = { [keyword: string]: unknown };

export interface Complaint {
  path: string[];
  code: string;
  message: string;
}

const SPEC = new Map(Object.entries(spec));
const ajv = new Ajv2020({ allErrors: true, strict: false });
ajv.addFormat('uri', (text) => URL.canParse(text));
ajv.addFormat('date-time', (text) => /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)));

const compiled = new Map<SchemaName, ValidateFunction>();

/** Lists where a body does not match the first of the schemas. Empty if it matches one of them. */
export function complaintsAbout(names: SchemaName | readonly SchemaName[], body: unknown): Complaint[] {
  const complaints = [names].flat().map((name) => complaintsByOne(name, body));
  return complaints.find(({ length }) => length === 0) ?? complaints[0]!;
}

function complaintsByOne(name: SchemaName, body: unknown): Complaint[] {
  const validate = compiled.get(name) ?? compile(name);
  return validate(body) ? [] : validate.errors!.filter(isUseful).map(complaint);
}

function compile(name: SchemaName): ValidateFunction {
  const schema = SPEC.get(`${name}Schema`);
  if (!schema) throw new Error(`Discord has no schema ${name}`);
  const validate = ajv.compile(corrected(strict(z.toJSONSchema(schema, { io: 'input' }) as JsonSchema)));
  compiled.set(name, validate);
  return validate;
}

function strict(schema: JsonSchema): JsonSchema {
  const inner = mapValues(schema, (value) => {
    if (Array.isArray(value))
      return value.map((element) => (isSchema(element) ? strict(element) : (element as unknown)));
    return isSchema(value) ? strict(value) : value;
  });
  return inner['type'] === 'object' && inner['properties'] ? { ...inner, additionalProperties: false } : inner;
}

/** Corrects the specification where Discord accepts something else. */
function corrected(schema: JsonSchema): JsonSchema {
  const properties = schema['properties'] as Record<string, JsonSchema>;
  const bits = { type: ['string', 'null'], pattern: '^[0-9]+$' };
  const overwrites = properties['permission_overwrites'] as { anyOf: { items?: JsonSchema }[] } | undefined;
  for (const { items } of overwrites?.anyOf ?? []) {
    if (items) Object.assign(items['properties'] as object, { allow: bits, deny: bits });
  }
  if ('embeds' in properties) properties['content'] = { type: ['string', 'null'], maxLength: 2_000 };
  return schema;
}

/** Leaves out the errors of a union itself and of its null branch, which most fields have. */
function isUseful({ keyword, params }: ErrorObject): boolean {
  return keyword !== 'anyOf' && !(keyword === 'type' && (params as { type: unknown }).type === 'null');
}

function complaint({ instancePath, keyword, params, message = 'is wrong' }: ErrorObject): Complaint {
  const { additionalProperty, missingProperty } = params as Record<string, string | undefined>;
  const last = additionalProperty ?? missingProperty;
  const path = [...instancePath.split('/').slice(1), ...(last === undefined ? [] : [last])];
  if (additionalProperty !== undefined) return { path, code: 'UNKNOWN_FIELD', message: 'Discord knows no such field' };
  if (missingProperty !== undefined) return { path, code: 'BASE_TYPE_REQUIRED', message: 'This field is required' };
  if (keyword === 'maxLength' || keyword === 'minLength') {
    return { path, code: 'BASE_TYPE_BAD_LENGTH', message: `Must be of the allowed length: it ${message}` };
  }
  return { path, code: 'BASE_TYPE_BAD', message };
}

function mapValues(schema: JsonSchema, change: (value: unknown) => unknown): JsonSchema {
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, change(value)]));
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
