import fc from 'fast-check';
import { Ajv2020 } from 'ajv/dist/2020.js';
import {
  DEAD_LETTERS,
  FIELD_TYPES,
  GUILD_EVENTS,
  identifierOf,
  QUEUES,
  type FieldSpecs,
  type FieldType,
  type GuildEventName,
  type JsonSchema,
} from '#libs/contracts';
import { parseLosslessJson } from '#libs/json';
import type { EventResult } from '../../apps/ingestion/src/intake/event-result.js';
import { documentedEvents } from '../../apps/query/src/asyncapi/documented-event.js';
import { EXAMPLE_TIME } from '../../apps/query/src/asyncapi/event-examples.js';
import { eventSchemaFiles } from '../../apps/query/src/asyncapi/event-schema-files.js';
import { CONTRACT, EventDocuments } from './event-documents.js';
import { fieldValue } from './event-values.js';

/** Unix milliseconds. No event is later than this, so only the fields decide whether it is accepted. */
const END_OF_TIME = 8_640_000_000_000_000;
/** Invalid for every field type. */
const NEVER_VALID = [[], '', -1, 'a'.repeat(101), { a: [] }];
const SEED = 20_261_129;

const documents = new EventDocuments();
const events = documentedEvents(CONTRACT).map((event) => ({
  ...event,
  fields: Object.keys(event.schema.properties as object),
  required: event.schema.required as string[],
  complete: event.examples[0]!.event,
}));
const statusesOf = (results: EventResult[]) => results.map(({ status }) => status);

describe('the examples of the AsyncAPI document', () => {
  const { channels, components } = documents.document;

  it.each(Object.keys(channels).filter((name) => name !== DEAD_LETTERS))(
    'in the channel %s are valid, and ingestion accepts them',
    (name) => {
      const { address, messages, bindings } = channels[name]!;
      const keys = Object.values(messages).map(({ $ref }) => $ref.split('/').at(-1)!);
      // A queue receives the messages of its routing keys, and messages sent to it directly.
      const isQueue = (bindings.amqp as { is: string }).is === 'queue';
      for (const key of isQueue ? keys.filter((each) => each.endsWith('FromNest')) : keys) {
        const { examples } = components.messages[key]!;
        const isPayload = documents.validator('components', 'messages', key, 'payload');
        const areProperties = documents.validator('components', 'schemas', 'MessageProperties');
        expect(examples.length).toBeGreaterThan(0);
        for (const { payload, headers } of examples) {
          expect([key, isPayload(payload), isPayload.errors]).toEqual([key, true, null]);
          expect([key, areProperties(headers)]).toEqual([key, true]);
          const results = documents.decode(address, payload, EXAMPLE_TIME + 1_000);
          expect([key, statusesOf(results)]).toEqual([key, [payload].flat().map(() => 'ok')]);
        }
      }
    },
  );

  it('are also in the JSON Schema of each event, which has no references', () => {
    const files = eventSchemaFiles(CONTRACT);
    expect([...files.keys()]).toEqual(events.map(({ name }) => `${name}.json`));
    for (const { name, schema, examples } of events) {
      const file = files.get(`${name}.json`)!;
      expect(file).toMatchObject({ ...schema, examples: examples.map(({ event }) => event) });
      expect(JSON.stringify(file)).not.toContain('$ref');
    }
  });
});

describe.each(events)('the schema of $name', ({ name, fields, required, complete, schema }) => {
  const isValid = documents.validator('components', 'schemas', `${identifierOf(name)}Event`);
  const decode = (event: unknown) => documents.decode(name, event, END_OF_TIME);

  it('describes every field', () => {
    for (const field of Object.values(schema.properties as Record<string, JsonSchema>)) {
      expect(field).toMatchObject({ description: expect.any(String), examples: [expect.anything()] });
    }
  });

  it('and ingestion reject the event if a required field is missing or a field is invalid', () => {
    const wrong = [
      ...required.map((field) => ({ field, event: without(complete, field) })),
      ...required.map((field) => ({ field, event: { ...complete, [field]: null } })),
      ...fields.flatMap((field) => NEVER_VALID.map((value) => ({ field, event: { ...complete, [field]: value } }))),
    ];
    for (const { field, event } of wrong) {
      expect([event, isValid(event)]).toEqual([event, false]);
      const [result] = decode(event);
      expect(result).toMatchObject({ status: 'dead letter', reason: 'InvalidEventError' });
      const { headers } = (result as Extract<EventResult, { status: 'dead letter' }>).letter;
      expect(JSON.parse(String(headers['x-error-fields']))).toMatchObject([{ field }]);
    }
  });

  it('and ingestion accept the event with null in an optional field, and with an unknown field', () => {
    const optional = fields.filter((field) => !required.includes(field));
    for (const event of [...optional.map((field) => ({ ...complete, [field]: null })), { ...complete, more: [1] }]) {
      expect([event, isValid(event)]).toEqual([event, true]);
      expect(statusesOf(decode(event))).not.toContain('dead letter');
    }
  });

  it('and ingestion agree on any value of any field', () => {
    const outcomes = { accepted: 0, refused: 0 };
    const values = Object.fromEntries(fields.map((field) => [field, fieldValue(typeOf(name, field))]));
    const changes = fc.oneof(
      fc.record(values, { requiredKeys: [] }),
      ...fields.map((field) => values[field]!.map((value) => ({ [field]: value }))),
    );
    fc.assert(
      fc.property(changes, (changed) => {
        const event = { ...complete, ...changed };
        const accepts = !statusesOf(decode(event)).includes('dead letter');
        outcomes[accepts ? 'accepted' : 'refused']++;
        return isValid(event) === accepts;
      }),
      { seed: SEED, numRuns: 500 },
    );
    expect(outcomes.accepted).toBeGreaterThan(50);
    expect(outcomes.refused).toBeGreaterThan(50);
  });
});

describe.each(Object.keys(FIELD_TYPES) as FieldType[])('the schema of the field type %s', (type) => {
  it('accepts exactly the values that the parser accepts', () => {
    const isValid = new Ajv2020({ strict: false, validateFormats: false }).compile(FIELD_TYPES[type].schema);
    const isParsed = (value: unknown) =>
      FIELD_TYPES[type].parse(parseLosslessJson(JSON.stringify(value))) !== undefined;
    fc.assert(
      fc.property(fieldValue(type), (value) => isValid(value) === isParsed(value)),
      { seed: SEED, numRuns: 5_000 },
    );
  });
});

it('every queue has documented events', () => {
  expect(new Set(events.map(({ queue }) => queue))).toEqual(new Set(Object.values(QUEUES)));
});

function typeOf(event: string, field: string): FieldType {
  const specs = CONTRACT.kind(event)?.specs ?? GUILD_EVENTS[event as GuildEventName].fields;
  return (specs as FieldSpecs)[field]!.type;
}

function without(event: Readonly<Record<string, unknown>>, field: string): object {
  return Object.fromEntries(Object.entries(event).filter(([name]) => name !== field));
}
