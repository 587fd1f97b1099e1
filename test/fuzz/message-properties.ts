import type { Options } from 'amqplib';
import fc from 'fast-check';
import type { Envelope } from './good-events.js';

export interface MessageProperties {
  properties: Options.Publish;
  /** The id and time for events that have none in the body. */
  envelope: Envelope;
  /** Whether the body has to be compressed, as `content_encoding` says. */
  isCompressed: boolean;
}

const messageIds = fc.oneof(
  fc.noShrink(fc.uuid({ version: 4 })),
  fc.noShrink(fc.uuid({ version: 4 })).map((uuid) => uuid.toUpperCase()),
  fc
    .noShrink(fc.tuple(fc.uuid(), fc.constantFrom('bot-', 'é', '#', '😀'.repeat(40))))
    .map(([uuid, text]) => text + uuid),
);

/** Headers of every AMQP type, and headers that brokers and this system set. */
const HEADERS: readonly Options.Publish['headers'][] = [
  undefined,
  {},
  { 'x-delivery-count': 5 },
  { 'x-delivery-count': 'many', 'x-death': 'none' },
  { 'x-error-name': 'forged', 'x-error-message': 'x'.repeat(2_000), 'x-original-routing-key': 'tag.send_timed' },
  { constructor: 'x', toString: 1, '': null, é: true },
  { list: [1, 'a', null, [2.5, { deep: [] }]], table: { a: { b: { c: {} } } }, bytes: Buffer.from([0, 255]) },
  {
    decimal: { '!': 'decimal', value: { places: 255, digits: 4_294_967_295 } },
    at: { '!': 'timestamp', value: 2 ** 62 },
  },
  {
    small: { '!': 'int8', value: -128 },
    unsigned: { '!': 'uint32', value: 4_294_967_295 },
    long: 2 ** 53,
    float: 1.5,
  },
];

/** Names of gzip that publishers use. */
const GZIP_NAMES = ['x-gzip', 'GZIP', 'gzip,UTF-8'];

/** The properties that a publisher may set. They do not change how the body is read. */
export function messageProperties(now: number): fc.Arbitrary<MessageProperties> {
  return fc
    .record({
      messageId: messageIds,
      ago: fc.noShrink(fc.integer({ min: 60, max: 29 * 86_400 })),
      isInSeconds: fc.boolean(),
      contentType: fc.constantFrom('application/json', undefined, 'text/plain', 'é', ''),
      encoding: fc.constantFrom(
        'gzip',
        undefined,
        undefined,
        'identity',
        'utf-8',
        'UTF8',
        '',
        ...GZIP_NAMES,
        'us-ascii',
      ),
      headers: fc.constantFrom(...HEADERS),
      priority: fc.constantFrom(undefined, 0, 255),
      other: fc.constantFrom(undefined, '', 'x'.repeat(255), '\u0000', '😀'),
      persistent: fc.boolean(),
    })
    .map(({ messageId, ago, isInSeconds, encoding, other, contentType, headers, priority, persistent }) => {
      const time = Math.floor(now / 1000 - ago) * 1000;
      const timestamp = isInSeconds ? time / 1000 : time;
      const texts = { appId: other, correlationId: other, type: other, replyTo: other };
      return {
        properties: {
          messageId,
          timestamp,
          contentEncoding: encoding,
          contentType,
          headers,
          priority,
          persistent,
          ...texts,
        },
        envelope: { messageId, time },
        isCompressed: encoding === 'gzip' || GZIP_NAMES.includes(encoding ?? ''),
      };
    });
}
