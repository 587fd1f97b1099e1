import type { ChannelModel, ConsumeMessage } from 'amqplib';

const UNREADABLE = Symbol('properties that could not be read');

/** Internals of amqplib's connection. A test with a real message checks them. */
interface FrameReader {
  /** Received bytes that are not parsed yet. */
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
 * Delivers messages whose properties amqplib cannot parse, without the properties. Headers may be nested too deeply for
 * its recursion. Otherwise such a message would end the connection with every redelivery, up to the queue's delivery
 * limit, and nothing else would be consumed meanwhile.
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

/** Whether the message was delivered without its properties because they could not be parsed. */
export function hasUnreadableProperties({ properties }: ConsumeMessage): boolean {
  return Object.hasOwn(properties.headers ?? {}, UNREADABLE);
}
