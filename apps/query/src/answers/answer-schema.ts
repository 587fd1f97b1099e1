import type { Type } from '@nestjs/common';
import { getSchemaPath } from '@nestjs/swagger';
import type { JsonSchema } from '#libs/contracts';

/** The content of a response in the API document: a JSON Schema and the DTO classes that it references. */
export interface AnswerSchema {
  schema: JsonSchema;
  models: readonly Type[];
}

/** A DTO class, or a schema composed of DTO classes. */
export type AnswerContent = Type | AnswerSchema;

export function schemaOfContent(content: AnswerContent): AnswerSchema {
  return typeof content === 'function' ? { schema: refTo(content), models: [content] } : content;
}

export function listOf(model: Type): AnswerSchema {
  return { schema: { type: 'array', items: refTo(model) }, models: [model] };
}

export function oneOf(...models: Type[]): AnswerSchema {
  return models.length === 1 ? schemaOfContent(models[0]!) : { schema: { oneOf: models.map(refTo) }, models };
}

export function text(description?: string): AnswerSchema {
  return { schema: { type: 'string', ...(description !== undefined && { description }) }, models: [] };
}

function refTo(model: Type): JsonSchema {
  return { $ref: getSchemaPath(model) };
}
