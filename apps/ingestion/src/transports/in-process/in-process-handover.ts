import { BrokerUnavailableError, type EventHandover, type OutgoingEvent } from '#libs/broker';
import { isGuildEventName, GUILD_EVENTS, QUEUES } from '#libs/contracts';
import { describeError } from '#libs/observability';
import type { DeadLetter } from '../../intake/dead-letter.js';
import { MicroBatcher } from '../../intake/micro-batcher.js';
import type { QueueHandler, ReadMessage } from '../../intake/queue-handler.js';

interface WaitingEvent {
  tag: number;
  read: ReadMessage;
  weight: number;
  alone: boolean;
  settle(error?: Error): void;
}

export interface InProcessHandoverOptions {
  handlers: readonly QueueHandler[];
  batch: { size: number; maxAgeMs: number };
}

/**
 * Hands events over to the ingestion service in the same process, for a machine without RabbitMQ: the same reading,
 * validating, batching and writing, and `handOver` resolves when the write is committed.
 */
export class InProcessHandover implements EventHandover {
  private lastTag = 0;
  private readonly queues: ReadonlyMap<string, { handler: QueueHandler; batcher: MicroBatcher<WaitingEvent> }>;

  constructor({ handlers, batch }: InProcessHandoverOptions) {
    this.queues = new Map(
      handlers.map((handler) => {
        const batcher = new MicroBatcher<WaitingEvent>({ ...batch, handle: (events) => handleBatch(handler, events) });
        return [handler.queue, { handler, batcher }];
      }),
    );
  }

  handOver(event: OutgoingEvent): Promise<void> {
    const queue = isGuildEventName(event.name) ? GUILD_EVENTS[event.name].queue : QUEUES.statistics;
    const { handler, batcher } = this.queues.get(queue)!;
    const tag = ++this.lastTag;
    const read = handler.read({
      tag,
      queue,
      routingKey: event.name,
      content: Buffer.from(JSON.stringify(event.body)),
      messageId: event.eventId,
      timestamp: event.occurredAt,
      arrivedAt: Date.now(),
    });
    const [deadLetter] = read.deadLetters;
    if (deadLetter !== undefined) return Promise.reject(refusal(deadLetter));
    return new Promise((resolve, reject) => {
      batcher.push({ tag, read, weight: 1, alone: false, settle: (error) => (error ? reject(error) : resolve()) });
    });
  }

  async probe(): Promise<void> {
    // There is no broker that could be away; the database has a probe of its own.
  }

  async close(): Promise<void> {
    await Promise.all([...this.queues.values()].map(({ batcher }) => batcher.drain()));
  }
}

async function handleBatch(handler: QueueHandler, events: readonly WaitingEvent[]): Promise<void> {
  try {
    const deadLetters = await handler.handle(events.map((event) => event.read));
    // Without a broker nobody keeps dead letters; the caller still has the event, and must learn that it was his.
    const refused = new Map(deadLetters.map((letter) => [letter.tag, letter]));
    for (const event of events) {
      const letter = refused.get(event.tag);
      event.settle(letter && refusal(letter));
    }
  } catch (error) {
    const unavailable = new BrokerUnavailableError(`the event could not be stored: ${describeError(error)}`);
    for (const event of events) event.settle(unavailable);
  }
}

function refusal(deadLetter: DeadLetter): Error {
  return new Error(`the event was refused: ${JSON.stringify(deadLetter.headers)}`);
}
