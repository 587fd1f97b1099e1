import type { ChannelModel, ConsumeMessage } from 'amqplib';

const UNREADABLE = Symbol('properties that could not be read');

/** What amqplib keeps to itself of a connection. A test with a real message holds it to that. */
interface FrameReader {
  /** Bytes that came and are not read yet. */
  rest: Buffer;
  recvFrame(): unknown;
}

/** Frame type 2: the properties of a message. */
const HEADER_FRAME = 2;
/** Type (1 byte), channel (2), size (4); then class (2), weight (2) and the size of the body (8). */
const CHANNEL_AT = 1;
const CLASS_AT = 7;
const BODY_SIZE_AT = 11;

/**
 * Lets a message through whose properties amqplib cannot read, without them: headers may be nested deeper than its
 * recursion goes. Else the connection would end with this message, and end again with each redelivery, up to the
 * delivery limit of the queue; nothing else would be consumed meanwhile.
 */
export function tolerateUnreadableProperties(model: ChannelModel): void {
  const connection = model.connection as unknown as FrameReader;
  const receive = connection.recvFrame.bind(connection);
  connection.recvFrame = () => {
    const { rest } = connection;
    try {
      return receive();
    } catch (error) {
      if (!(error instanceof RangeError) || rest[0] !== HEADER_FRAME) throw error;
      return {
        id: rest.readUInt16BE(CLASS_AT),
        channel: rest.readUInt16BE(CHANNEL_AT),
        size: Number(rest.readBigUInt64BE(BODY_SIZE_AT)),
        fields: { headers: { [UNREADABLE]: true } },
      };
    }
  };
}

/** Whether the message came without its properties because nobody could read them. */
export function hasUnreadableProperties({ properties }: ConsumeMessage): boolean {
  return Object.hasOwn(properties.headers ?? {}, UNREADABLE);
}
