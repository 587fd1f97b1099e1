/** A published message, independent of the transport. */
export interface IncomingMessage {
  /** The queue it came from. */
  queue: string;
  routingKey: string;
  content: Buffer;
  contentType?: string;
  contentEncoding?: string;
  /** AMQP `message_id`. */
  messageId?: string;
  /** AMQP `timestamp`, unchanged. */
  timestamp?: number;
  /** How often it was published again after it was a dead letter; missing for one that never was. */
  replayCount?: number;
  /** Its properties could not be read, and are missing here. */
  hasUnreadableProperties?: boolean;
  /** Unix milliseconds. */
  arrivedAt: number;
}
