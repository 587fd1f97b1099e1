import { ApiProperty } from '@nestjs/swagger';
import type { JsonSchema } from '#libs/contracts';

export interface AnswerPropertyOptions {
  description?: string;
  /** Whether the value may be null. @defaultValue false */
  nullable?: boolean;
  /** Whether every response has the property. @defaultValue true */
  required?: boolean;
}

// A schema with a title becomes a component of the API document with that name.
const SNOWFLAKE: JsonSchema = {
  title: 'Snowflake',
  type: 'string',
  pattern: '^[1-9][0-9]{0,18}$',
  description: 'A Discord id. Responses always have it as a string',
  examples: ['175928847299117063'],
};
const TIMESTAMP: JsonSchema = {
  title: 'Timestamp',
  type: 'string',
  format: 'date-time',
  description: 'ISO 8601 in UTC with milliseconds',
  examples: ['2026-11-24T10:00:00.000Z'],
};
export const COUNT: JsonSchema = { type: 'integer', minimum: 0 };
export const UUID: JsonSchema = { type: 'string', format: 'uuid' };

/** Describes a response property by a JSON Schema. Use `@ApiProperty()` if its TypeScript type is enough. */
export function SchemaProperty(schema: JsonSchema, options: AnswerPropertyOptions = {}): PropertyDecorator {
  const { description, nullable = false, required = true } = options;
  const combined = nullable ? { anyOf: [schema, { type: 'null' }] } : { allOf: [schema] };
  return ApiProperty({ type: Object, required, description, ...combined } as never);
}

export const SnowflakeProperty = (options?: AnswerPropertyOptions) => SchemaProperty(SNOWFLAKE, options);
export const TimestampProperty = (options?: AnswerPropertyOptions) => SchemaProperty(TIMESTAMP, options);
export const CountProperty = (options?: AnswerPropertyOptions) => SchemaProperty(COUNT, options);
export const UuidProperty = (options?: AnswerPropertyOptions) => SchemaProperty(UUID, options);
/** A property that always has the same value. */
export const ConstantProperty = (value: string | number | boolean, options?: AnswerPropertyOptions) =>
  SchemaProperty({ type: typeof value === 'number' ? 'integer' : typeof value, const: value }, options);
/** A property whose value is one of these words. */
export const WordProperty = (words: readonly string[], options?: AnswerPropertyOptions) =>
  SchemaProperty({ type: 'string', enum: words }, options);
