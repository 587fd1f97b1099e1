import type { JsonSchema } from '#libs/contracts';
import { EXAMPLE_TIME } from './event-examples.js';

/** The properties in the examples of messages. */
export const EXAMPLE_PROPERTIES = {
  message_id: '01a20cff-7d00-7000-8000-5e7c1a9d2b40',
  timestamp: EXAMPLE_TIME / 1_000,
  content_type: 'application/json',
  delivery_mode: 2,
} as const;

/**
 * The AMQP properties of an event's message. AsyncAPI has no place of its own for them, so they are described as headers.
 * All may be missing.
 */
export const MESSAGE_PROPERTIES: JsonSchema = {
  title: 'MessageProperties',
  description: 'AMQP properties of the message (basic properties, not entries of `headers`). All may be missing.',
  type: 'object',
  properties: {
    message_id: {
      type: 'string',
      maxLength: 255,
      description:
        'Identifies the event: a UUID, or any other text. The n-th element of an array, counted from 0, has the id `<message_id>#<n>`. Not needed for an event with an id of its own in the body',
      examples: [EXAMPLE_PROPERTIES.message_id],
    },
    timestamp: {
      type: 'integer',
      minimum: 0,
      description: 'When the event happened, where the body does not say it: Unix seconds; milliseconds above 10^11',
      examples: [EXAMPLE_PROPERTIES.timestamp],
    },
    content_type: { type: 'string', description: 'application/json', examples: ['application/json'] },
    content_encoding: {
      type: 'string',
      description:
        'How the body is compressed: nothing, `gzip` (`x-gzip`), `deflate` or `br`, in any case, with or without a charset (`gzip,UTF-8`). A charset alone means that the body is not compressed',
      examples: ['gzip'],
    },
    delivery_mode: { type: 'integer', enum: [1, 2], description: '2: the broker keeps the message over a restart' },
  },
};
