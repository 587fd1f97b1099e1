import { BINDING_VERSION, type Channel } from './channels.js';
import type { DocumentedEvent } from './documented-event.js';
import { referenceTo, type Reference } from './reference.js';

export interface Operation {
  action: 'send' | 'receive';
  title: string;
  summary: string;
  description?: string;
  channel: Reference;
  messages: Reference[];
  tags: Reference[];
  bindings: { amqp: object };
}

/** A bot publishes an event. */
export function sendEvent({ name, title, queue }: DocumentedEvent, channel: Channel): Operation {
  return {
    action: 'send',
    title: `Publish ${name}`,
    summary: title,
    ...inChannel(name, channel),
    tags: [tag(queue)],
    bindings: { amqp: { deliveryMode: 2, mandatory: false, timestamp: true, bindingVersion: BINDING_VERSION } },
  };
}

/** The ingestion service takes the events of a queue. */
export function receiveEvents(queue: string, channel: Channel): Operation {
  return {
    action: 'receive',
    title: `Consume ${queue}`,
    summary: 'Serverstats stores the events or carries them out',
    description: 'A message is acknowledged after COMMIT. Bots do not consume this queue.',
    ...inChannel(queue, channel),
    tags: [tag(queue)],
    bindings: { amqp: { ack: true, bindingVersion: BINDING_VERSION } },
  };
}

/** An operator looks at what can never be stored. */
export function receiveDeadLetters(queue: string, channel: Channel): Operation {
  return {
    action: 'receive',
    title: `Read ${queue}`,
    summary: 'Operators read the events that can never be stored',
    ...inChannel(queue, channel),
    tags: [tag(queue)],
    bindings: { amqp: { ack: true, bindingVersion: BINDING_VERSION } },
  };
}

function inChannel(name: string, { messages }: Channel): Pick<Operation, 'channel' | 'messages'> {
  return {
    channel: referenceTo('channels', name),
    messages: Object.keys(messages).map((message) => referenceTo('channels', name, 'messages', message)),
  };
}

function tag(queue: string): Reference {
  return referenceTo('components', 'tags', queue);
}
