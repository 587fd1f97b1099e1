import { MAX_ARRAY_LENGTH, type JsonSchema } from '#libs/contracts';
import type { DocumentedEvent } from './documented-event.js';
import { EXAMPLE_PROPERTIES } from './message-properties.js';
import { referenceTo, type Reference } from './reference.js';

export interface Message {
  name: string;
  title: string;
  summary: string;
  description: string;
  contentType: string;
  headers: Reference;
  correlationId?: Reference;
  payload: JsonSchema | Reference;
  examples: readonly MessageExample[];
}

interface MessageExample {
  name: string;
  summary: string;
  headers: Readonly<Record<string, unknown>>;
  payload: unknown;
}

/** Of every message that publishers send. */
const PUBLISHED = {
  contentType: 'application/json',
  headers: referenceTo('components', 'schemas', 'MessageProperties'),
  correlationId: referenceTo('components', 'correlationIds', 'messageId'),
} as const;

/** A message with one event as its body. */
export function eventMessage({ name, title, identity, identifier, examples }: DocumentedEvent): Message {
  return {
    ...{ name, title, summary: `One event \`${name}\``, description: identity, ...PUBLISHED },
    payload: schemaReference(identifier),
    examples: examples.map((example) => messageExample(example.name, example.summary, example.event)),
  };
}

/** A message with an array of events as its body. */
export function eventArrayMessage({ name, title, identity, identifier, examples }: DocumentedEvent): Message {
  return {
    ...{
      name: `${name} (array)`,
      title: `${title} (array)`,
      summary: `Up to ${MAX_ARRAY_LENGTH} events \`${name}\``,
      description: identity,
    },
    ...PUBLISHED,
    payload: { type: 'array', maxItems: MAX_ARRAY_LENGTH, items: schemaReference(identifier) },
    examples: [
      messageExample(
        'array',
        'An array of events',
        examples.map(({ event }) => event),
      ),
    ],
  };
}

/** A message as the client of NestJS sends it to a queue, with the name of the event in its body. */
export function nestMessage(queue: string, events: readonly DocumentedEvent[]): Message {
  const forms = events.map(({ name, identifier }) => ({
    type: 'object',
    required: ['pattern', 'data'],
    properties: { pattern: { type: 'string', const: name }, data: schemaReference(identifier) },
  }));
  const [{ name, examples }] = events as [DocumentedEvent];
  return {
    ...{
      name: `${queue} (NestJS)`,
      title: 'An event from NestJS',
      summary: 'One event of this queue, as `ClientProxy.emit` sends it',
    },
    description: 'The routing key is the name of the queue; `pattern` is the name of the event.',
    ...PUBLISHED,
    payload: { oneOf: forms },
    examples: [messageExample('nestjs', 'An event from NestJS', { pattern: name, data: examples[0]!.event })],
  };
}

function schemaReference(identifier: string): Reference {
  return referenceTo('components', 'schemas', `${identifier}Event`);
}

function messageExample(name: string, summary: string, payload: unknown): MessageExample {
  return { name, summary, headers: EXAMPLE_PROPERTIES, payload };
}
