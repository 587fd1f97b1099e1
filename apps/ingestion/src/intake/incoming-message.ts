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
  /** How often it was replayed from the dead letters; missing if it never was. */
  replayCount?: number;
  /** The properties could not be parsed and are missing. */
  hasUnreadableProperties?: boolean;
  /** Unix milliseconds. */
  arrivedAt: number;
}
