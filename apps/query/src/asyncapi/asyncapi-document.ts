import {
  DEAD_LETTERS,
  EVENT_ID_NAMESPACE,
  EVENTS_EXCHANGE,
  identifierOf,
  MAX_ARRAY_LENGTH,
  QUEUES,
  type JsonSchema,
  type StatisticsContract,
} from '#libs/contracts';
import { VERSION } from '#libs/observability';
import { deadLetterChannel, queueChannel, routingKeyChannel, type Channel } from './channels.js';
import { DEAD_LETTER_HEADERS_SCHEMA, DEAD_LETTER_MESSAGE } from './dead-letters.js';
import { documentedEvents, type DocumentedEvent } from './documented-event.js';
import { MESSAGE_PROPERTIES } from './message-properties.js';
import { eventArrayMessage, eventMessage, nestMessage, type Message } from './messages.js';
import { receiveDeadLetters, receiveEvents, sendEvent, type Operation } from './operations.js';
import { referenceTo, type Reference } from './reference.js';
import { SECURITY_SCHEMES, SERVERS } from './servers.js';

export interface AsyncApiDocument {
  asyncapi: string;
  id: string;
  info: { title: string; version: string; description: string; license: object; tags: Reference[] };
  defaultContentType: string;
  servers: object;
  channels: Readonly<Record<string, Channel>>;
  operations: Readonly<Record<string, Operation>>;
  components: {
    schemas: Readonly<Record<string, JsonSchema>>;
    messages: Readonly<Record<string, Message>>;
    correlationIds: object;
    securitySchemes: object;
    tags: object;
  };
}

const DESCRIPTION = `Events that a bot publishes to RabbitMQ, for any language.

The operations with the action \`send\` are what a bot does. Those with the action \`receive\` are what Serverstats and its operators do.

- Publish to the exchange \`${EVENTS_EXCHANGE}\` with the name of the event as routing key. Declare nothing: the services declare exchanges and queues.
- Use publisher confirms. After a nack or a closed channel, publish the same event again, unchanged.
- The body is JSON in UTF-8, at most 1 MiB, also after decompression: one event, or an array of up to ${MAX_ARRAY_LENGTH} events.
- Discord ids are strings of digits, or JSON integers without a fraction and an exponent. They are exact up to 2^63-1.
- Fields that an event does not have are ignored. An optional field may be missing or null.
- An event is identified by guild, kind, id and time. Texts that identify an event become UUIDv5 in the namespace \`${EVENT_ID_NAMESPACE}\`.
- An event more than five minutes in the future is a dead letter. An event older than the retention is dropped.`;

/** By queue. */
const TAGS = {
  [QUEUES.statistics]: 'Statistics of a guild',
  [QUEUES.starboard]: 'Stars of messages',
  [QUEUES.guilds]: 'What happens to guilds and their channels, and counter panels',
  [DEAD_LETTERS]: 'What can never be stored',
} as const;

/** The AsyncAPI document of every event that the services take. */
export function asyncApiDocument(contract: StatisticsContract): AsyncApiDocument {
  const events = documentedEvents(contract);
  const queues = Object.values(QUEUES).map((queue) => ({
    queue,
    events: events.filter((event) => event.queue === queue),
  }));
  const channels = channelsOf(events, queues);
  return {
    asyncapi: '3.0.0',
    id: 'urn:serverstats:events',
    info: {
      title: 'Serverstats events',
      version: VERSION,
      description: DESCRIPTION,
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
      tags: Object.keys(TAGS).map((queue) => referenceTo('components', 'tags', queue)),
    },
    defaultContentType: 'application/json',
    servers: SERVERS,
    channels,
    operations: operationsOf(events, queues, channels),
    components: {
      schemas: {
        ...Object.fromEntries(events.map(({ identifier, schema }) => [`${identifier}Event`, schema])),
        MessageProperties: MESSAGE_PROPERTIES,
        DeadLetterHeaders: DEAD_LETTER_HEADERS_SCHEMA,
      },
      messages: messagesOf(events, queues),
      correlationIds: {
        messageId: {
          location: '$message.header#/message_id',
          description: 'The AMQP property `message_id`: the dead letter of an event has the same one',
        },
      },
      securitySchemes: SECURITY_SCHEMES,
      tags: Object.fromEntries(Object.entries(TAGS).map(([name, description]) => [name, { name, description }])),
    },
  };
}

interface QueueOfEvents {
  queue: string;
  events: DocumentedEvent[];
}

function channelsOf(events: readonly DocumentedEvent[], queues: readonly QueueOfEvents[]): Record<string, Channel> {
  return {
    ...Object.fromEntries(events.map((event) => [event.name, routingKeyChannel(event)])),
    ...Object.fromEntries(
      queues.map(({ queue, events: ofQueue }) => [queue, queueChannel(queue, ofQueue, nestMessageName(queue))]),
    ),
    [DEAD_LETTERS]: deadLetterChannel(),
  };
}

function operationsOf(
  events: readonly DocumentedEvent[],
  queues: readonly QueueOfEvents[],
  channels: Readonly<Record<string, Channel>>,
): Record<string, Operation> {
  return {
    ...Object.fromEntries(events.map((event) => [`send${event.identifier}`, sendEvent(event, channels[event.name]!)])),
    ...Object.fromEntries(
      queues.map(({ queue }) => [`receive${identifierOf(queue)}`, receiveEvents(queue, channels[queue]!)]),
    ),
    receiveDeadLetters: receiveDeadLetters(DEAD_LETTERS, channels[DEAD_LETTERS]!),
  };
}

function messagesOf(events: readonly DocumentedEvent[], queues: readonly QueueOfEvents[]): Record<string, Message> {
  return {
    ...Object.fromEntries(
      events.flatMap((event) => [
        [event.identifier, eventMessage(event)],
        [`${event.identifier}Array`, eventArrayMessage(event)],
      ]),
    ),
    ...Object.fromEntries(
      queues.map(({ queue, events: ofQueue }) => [nestMessageName(queue), nestMessage(queue, ofQueue)]),
    ),
    DeadLetter: DEAD_LETTER_MESSAGE,
  };
}

function nestMessageName(queue: string): string {
  return `${identifierOf(queue)}FromNest`;
}
