import type { JsonSchema, StatisticsContract } from '#libs/contracts';
import { documentedEvents } from './documented-event.js';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/** The JSON Schema of every event, by the name of its file. */
export function eventSchemaFiles(contract: StatisticsContract): ReadonlyMap<string, JsonSchema> {
  return new Map(
    documentedEvents(contract).map(({ name, schema, examples }) => [
      `${name}.json`,
      { $schema: DIALECT, ...schema, examples: examples.map(({ event }) => event) },
    ]),
  );
}
