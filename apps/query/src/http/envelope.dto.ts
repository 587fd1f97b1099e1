import { ApiProperty, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import type { Type } from '@nestjs/common';
import type { JsonSchema } from '#libs/contracts';
import { ConstantProperty, SchemaProperty } from '../answers/answer-properties.js';
import { listOf, oneOf, schemaOfContent, type AnswerContent, type AnswerSchema } from '../answers/answer-schema.js';

const NOTHING: JsonSchema = { type: 'object', additionalProperties: false };

@ApiSchema({ name: 'Success', description: 'The envelope of every successful response. `data` has the result' })
export class SuccessEnvelope {
  @ConstantProperty(true)
  success: true;

  @SchemaProperty(NOTHING)
  error: Record<string, never>;
}

@ApiSchema({ name: 'Failure', description: 'The envelope of every error response. `error` has the details' })
export class FailureEnvelope {
  @ConstantProperty(false)
  success: false;

  @SchemaProperty(NOTHING)
  data: Record<string, never>;
}

@ApiSchema({ name: 'Page' })
export class PageLinks {
  @ApiProperty({ type: String, nullable: true, description: 'The `cursor` for the next page. Null on the last page' })
  next_cursor: string | null;
}

/** The schema of a successful response with this data. */
export function envelope(data: AnswerContent): AnswerSchema {
  const { schema, models } = schemaOfContent(data);
  return extend(SuccessEnvelope, { data: schema }, models);
}

/** The schema of a page of a list. */
export function page(item: Type): AnswerSchema {
  const links = schemaOfContent(PageLinks);
  const { schema, models } = listOf(item);
  return extend(SuccessEnvelope, { data: schema, page: links.schema }, [...models, ...links.models]);
}

/** The schema of an error response with one of these errors. */
export function failure(errors: readonly Type[]): AnswerSchema {
  const { schema, models } = oneOf(...errors);
  return extend(FailureEnvelope, { error: schema }, models);
}

function extend(base: Type, properties: Record<string, JsonSchema>, models: readonly Type[]): AnswerSchema {
  const own = { type: 'object', required: Object.keys(properties), properties };
  return { schema: { allOf: [{ $ref: getSchemaPath(base) }, own] }, models: [base, ...models] };
}
