import { DEAD_LETTER_QUEUE_ARGUMENTS, DEAD_LETTERS, EVENT_QUEUE_ARGUMENTS, EVENTS_EXCHANGE } from '#libs/contracts';
import type { DocumentedEvent } from './documented-event.js';
import { referenceTo, type Reference } from './reference.js';

export interface Channel {
  address: string;
  title: string;
  description: string;
  messages: Readonly<Record<string, Reference>>;
  bindings: { amqp: object };
}

/** Of the bindings of AMQP. */
export const BINDING_VERSION = '0.3.0';

const EXCHANGE = {
  ...{ name: EVENTS_EXCHANGE, type: 'topic', durable: true, autoDelete: false, vhost: '/' },
  'x-alternate-exchange': DEAD_LETTERS,
} as const;

/** Where an event is published: the exchange, with the name of the event as routing key. */
export function routingKeyChannel({ name, title, identifier, queue }: DocumentedEvent): Channel {
  return {
    address: name,
    title,
    description: `The exchange \`${EVENTS_EXCHANGE}\` with the routing key \`${name}\`. The event goes to the queue \`${queue}\`.`,
    messages: { event: messageReference(identifier), events: messageReference(`${identifier}Array`) },
    bindings: { amqp: { is: 'routingKey', exchange: EXCHANGE, bindingVersion: BINDING_VERSION } },
  };
}

/** A queue of events. Publishers that cannot use the exchange, such as the client of NestJS, may send to it directly. */
export function queueChannel(queue: string, events: readonly DocumentedEvent[], nestMessage: string): Channel {
  const messages = events.flatMap(({ identifier }) => [identifier, `${identifier}Array`]);
  return {
    address: queue,
    title: queue,
    description: `The queue of ${events.map(({ name }) => `\`${name}\``).join(', ')}.`,
    messages: Object.fromEntries([...messages, nestMessage].map((name) => [name, messageReference(name)])),
    bindings: queueBindings(queue, EVENT_QUEUE_ARGUMENTS),
  };
}

/** The queue of what can never be stored. */
export function deadLetterChannel(): Channel {
  return {
    address: DEAD_LETTERS,
    title: DEAD_LETTERS,
    description: `What can never be stored, for 30 days. Its exchange of the same name is a fanout, and the alternate exchange of \`${EVENTS_EXCHANGE}\`.`,
    messages: { deadLetter: messageReference('DeadLetter') },
    bindings: queueBindings(DEAD_LETTERS, DEAD_LETTER_QUEUE_ARGUMENTS),
  };
}

function queueBindings(name: string, queueArguments: Readonly<Record<string, unknown>>): Channel['bindings'] {
  const queue = { name, durable: true, exclusive: false, autoDelete: false, vhost: '/', 'x-arguments': queueArguments };
  return { amqp: { is: 'queue', queue, bindingVersion: BINDING_VERSION } };
}

function messageReference(name: string): Reference {
  return referenceTo('components', 'messages', name);
}
