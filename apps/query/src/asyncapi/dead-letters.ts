import { DEAD_LETTER_HEADERS, type JsonSchema } from '#libs/contracts';
import type { Message } from './messages.js';
import { referenceTo } from './reference.js';

/** The headers of a dead letter. */
export const DEAD_LETTER_HEADERS_SCHEMA: JsonSchema = {
  title: 'DeadLetterHeaders',
  description:
    'Why the event can never be stored. A message that the broker itself dead-lettered has `x-death` instead.',
  type: 'object',
  properties: {
    [DEAD_LETTER_HEADERS.errorName]: {
      type: 'string',
      description: 'The name of the error',
      examples: ['InvalidEventError'],
    },
    [DEAD_LETTER_HEADERS.errorMessage]: { type: 'string', description: 'The reason, for people' },
    [DEAD_LETTER_HEADERS.errorFields]: {
      type: 'string',
      description: 'JSON, at most 4 KiB: an array of `{"field", "message"}`, one for each wrong field',
    },
    [DEAD_LETTER_HEADERS.originalRoutingKey]: {
      type: 'string',
      description: 'The routing key that the event was published with',
    },
  },
};

export const DEAD_LETTER_MESSAGE: Message = {
  name: 'dead letter',
  title: 'An event that can never be stored',
  summary: 'The body as it was published; of an array, the one wrong element',
  description:
    'Publish it again to the exchange with its original routing key, message id and timestamp, and it is the same event.',
  contentType: 'application/octet-stream',
  headers: referenceTo('components', 'schemas', 'DeadLetterHeaders'),
  payload: { description: 'The bytes of the body, unchanged' },
  examples: [
    {
      name: 'wrongField',
      summary: 'An event with a wrong field',
      headers: {
        [DEAD_LETTER_HEADERS.errorName]: 'InvalidEventError',
        [DEAD_LETTER_HEADERS.errorMessage]: 'guild_id is required',
        [DEAD_LETTER_HEADERS.errorFields]: '[{"field":"guild_id","message":"is required"}]',
        [DEAD_LETTER_HEADERS.originalRoutingKey]: 'guild.deleted',
      },
      payload: {},
    },
  ],
};
