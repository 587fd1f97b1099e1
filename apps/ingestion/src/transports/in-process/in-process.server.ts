import { randomUUID } from 'node:crypto';
import { BrokerUnavailableError, type EventHandover, type OutgoingEvent } from '#libs/broker';
import { describeError, type LogIds } from '#libs/observability';
import type { DeadLetter } from '../../intake/dead-letter.js';
import { EventsServer } from '../../intake/events.server.js';
import type { Intake } from '../../intake/intake.service.js';
import type { HeldMemory, MemoryAccount } from '../../intake/memory-budget.js';
import type { DecodedMessage } from '../../intake/message-decoder.js';
import { MicroBatcher, type BatchItem } from '../../intake/micro-batcher.js';

interface WaitingEvent extends BatchItem {
  decoded: DecodedMessage;
  memory: HeldMemory;
  settle(error?: Error): void;
}

interface Queue {
  batcher: MicroBatcher<WaitingEvent>;
  memory: MemoryAccount;
}

export interface InProcessOptions {
  intake: Intake;
  batch: { size: number; maxAgeMs: number };
}

/**
 * Nest transport without RabbitMQ: events are handed over by a call in this process. They are processed as if they came
 * from a broker, and `handOver` resolves after the commit.
 */
export class InProcessServer extends EventsServer implements EventHandover {
  private readonly queues = new Map<string, Queue>();
  private readonly id = randomUUID().slice(0, 8);
  /** How many have begun. */
  private batches = 0;

  constructor(private readonly options: InProcessOptions) {
    super(options.intake);
  }

  listen(callback: (error?: unknown) => void): void {
    for (const queue of this.pipeline.queues) {
      const memory = this.intake.memory.share().open();
      const handle = (events: readonly WaitingEvent[]) =>
        this.storeBatch(events, memory, { queue, batch_id: `${this.id}-${++this.batches}` });
      this.queues.set(queue, { batcher: new MicroBatcher<WaitingEvent>({ ...this.options.batch, handle }), memory });
    }
    callback();
  }

  async handOver(event: OutgoingEvent): Promise<void> {
    const queue = this.pipeline.queueOf(event.name) ?? '';
    const content = Buffer.from(JSON.stringify(event.body));
    const decoded = this.pipeline.decode({
      queue,
      routingKey: event.name,
      content,
      messageId: event.eventId,
      timestamp: event.occurredAt,
      arrivedAt: Date.now(),
    });
    for (const result of decoded.results) if (result.status === 'dead letter') throw refusal(result.letter);
    const { batcher, memory: account } = this.queues.get(queue)!;
    const memory = account.take(content);
    account.addDecoded(memory, decoded.bytes);
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => (error ? reject(error) : resolve());
      batcher.push({ decoded, memory, weight: 1, alone: false, settle });
    });
  }

  async probe(): Promise<void> {
    // There is no broker to check, and the database has a separate probe.
  }

  async close(): Promise<void> {
    await Promise.all([...this.queues.values()].map(({ batcher }) => batcher.drain()));
  }

  private async storeBatch(events: readonly WaitingEvent[], memory: MemoryAccount, ids: LogIds): Promise<void> {
    try {
      const letters = await this.pipeline.store(
        events.map(({ decoded }) => decoded),
        ids,
      );
      // Without a broker there are no dead letters, so the caller gets the error. It still has the event.
      for (const [index, [letter]] of letters.entries()) events[index]!.settle(letter && refusal(letter));
    } catch (error) {
      const unavailable = new BrokerUnavailableError(`the event could not be stored: ${describeError(error)}`);
      for (const event of events) event.settle(unavailable);
    } finally {
      for (const event of events) memory.release(event.memory);
    }
  }
}

function refusal(letter: DeadLetter): Error {
  return new Error(`the event was refused: ${JSON.stringify(letter.headers)}`);
}
