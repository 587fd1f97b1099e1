import type { JsonSchema } from '#libs/contracts';

/** The JSON Schema of an event, with what the type of each field says in the field itself, so that it refers to nothing. */
export function selfContained({ properties, ...schema }: JsonSchema): JsonSchema {
  const fields = Object.entries(properties as Record<string, JsonSchema>);
  return { ...schema, properties: Object.fromEntries(fields.map(([name, field]) => [name, inPlace(field)])) };
}

/** A required field wraps the schema of its type in `allOf`, an optional one in `anyOf` with null. */
function inPlace({ allOf, anyOf, description }: JsonSchema): JsonSchema {
  const [{ title: _, ...type }] = (allOf ?? anyOf) as [JsonSchema];
  const schema = anyOf === undefined ? type : orNull(type);
  const descriptions = [description, type.description].filter((text) => typeof text === 'string');
  return descriptions.length === 0 ? schema : { ...schema, description: descriptions.join('. ') };
}

function orNull({ oneOf, enum: words, ...schema }: JsonSchema): JsonSchema {
  if (Array.isArray(oneOf)) return { ...schema, oneOf: [...(oneOf as JsonSchema[]), { type: 'null' }] };
  const nullable = { ...schema, type: [schema.type, 'null'] };
  return Array.isArray(words) ? { ...nullable, enum: [...(words as unknown[]), null] } : nullable;
}
