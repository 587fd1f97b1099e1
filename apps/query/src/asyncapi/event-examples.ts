import { DISCORD_EPOCH_MS, type JsonSchema } from '#libs/contracts';

/** When the events of the examples happened, in Unix milliseconds. */
export const EXAMPLE_TIME = Date.parse('2026-11-24T10:00:00.000Z');

export interface EventExample {
  name: string;
  summary: string;
  event: Readonly<Record<string, unknown>>;
}

/**
 * One example with all fields, and one without the optional ones where there are such.
 *
 * @param schema of the event
 * @param snowflakeTimes the fields whose snowflakes hold a time of the event
 */
export function eventExamples(schema: JsonSchema, snowflakeTimes: readonly string[] = []): EventExample[] {
  const { required, properties } = schema as { required: string[]; properties: Record<string, JsonSchema> };
  const valueOf = (field: string) =>
    snowflakeTimes.includes(field) ? snowflakeOf(EXAMPLE_TIME) : (properties[field]!.examples as unknown[])[0];
  const eventOf = (fields: string[]) => Object.fromEntries(fields.map((field) => [field, valueOf(field)]));
  const names = Object.keys(properties);
  const complete = { name: 'allFields', summary: 'With all fields', event: eventOf(names) };
  if (names.length === required.length) return [complete];
  return [complete, { name: 'requiredFields', summary: 'With the required fields', event: eventOf(required) }];
}

function snowflakeOf(time: number): string {
  return (BigInt(time - DISCORD_EPOCH_MS) << 22n).toString();
}
