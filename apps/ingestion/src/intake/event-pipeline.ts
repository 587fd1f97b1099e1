import type { LogIds, Logger } from '#libs/observability';
import type { DeadLetter } from './dead-letter.js';
import type { EventConsumer } from './event-consumer.js';
import type { EventMetrics } from './event.metrics.js';
import type { ReceivedEvent } from './event-result.js';
import { StoringOutcome, type EventStorer } from './event-storer.service.js';
import type { EventType } from './event-type.js';
import type { IncomingMessage } from './incoming-message.js';
import { MessageDecoder, type DecodedMessage } from './message-decoder.js';

export interface EventPipelineParts {
  /** Older events are dropped. In days. */
  retentionDays: number;
  storer: EventStorer;
  metrics: EventMetrics;
  logger: Logger;
}

/** Decodes events of any transport, has them stored by their consumers, and counts them. */
export class EventPipeline {
  /** The queues of its events. */
  readonly queues: readonly string[];
  private readonly types: ReadonlyMap<string, EventType>;
  private readonly consumers: ReadonlyMap<EventType, EventConsumer>;
  private readonly decoder: MessageDecoder;

  /** @throws Error when two consumers take the same event */
  constructor(
    consumers: readonly EventConsumer[],
    private readonly parts: EventPipelineParts,
  ) {
    this.consumers = new Map(consumers.flatMap((consumer) => consumer.types.map((type) => [type, consumer] as const)));
    const types = [...this.consumers.keys()];
    this.types = new Map(types.map((type) => [type.name, type]));
    const duplicate = types.find((type) => this.types.get(type.name) !== type);
    if (duplicate !== undefined) throw new Error(`two consumers subscribe to ${duplicate.name}`);
    this.queues = [...new Set(types.map(({ queue }) => queue))];
    this.decoder = new MessageDecoder({ types: this.types, retentionDays: parts.retentionDays });
  }

  /** The queue of the events with this name. */
  queueOf(name: string): string | undefined {
    return this.types.get(name)?.queue;
  }

  /** Decodes a message, and counts the events that no consumer receives. Never throws. */
  decode(message: IncomingMessage): DecodedMessage {
    const decoded = this.decoder.decode(message);
    this.parts.metrics.countUnrepeatable(decoded.unrepeatable);
    if (decoded.received < decoded.results.length) this.countRejected(decoded, message);
    return decoded;
  }

  private countRejected({ results, refused: count }: DecodedMessage, { queue }: IncomingMessage): void {
    const { metrics, logger } = this.parts;
    for (const result of results) {
      if (result.status === 'drop') metrics.count(result.reason, 1);
      else if (result.status === 'dead letter') metrics.countDeadLetter(result.reason);
    }
    // The error message and routing key may contain data of the publisher, so they are only in the dead letter.
    const first = results.find((result) => result.status === 'dead letter');
    if (first) logger.warn({ queue, count, error: first.reason }, 'publishing events to the dead letters');
  }

  /**
   * Has the events of a batch stored by their consumers, in order, and counts the outcomes.
   *
   * @param ids of the batch, for the log
   * @returns the dead letters of each message, from decoding and from storing
   * @throws the error of an outage; the whole batch has to be retried, which is idempotent
   */
  async store(messages: readonly DecodedMessage[], ids: LogIds = {}): Promise<DeadLetter[][]> {
    const { metrics, storer } = this.parts;
    const outcome = new StoringOutcome(ids);
    const startedAt = performance.now();
    for (const { consumer, events } of this.groupsOf(messages)) await storer.store(events, consumer, outcome);
    // Only now, because a batch that fails in the middle is retried as a whole.
    metrics.countAll(outcome.counts);
    for (const { reason } of outcome.refused.values()) metrics.countDeadLetter(reason);
    this.measure(messages, outcome, (performance.now() - startedAt) / 1_000);
    return messages.map((message) => lettersOf(message, outcome));
  }

  private measure(messages: readonly DecodedMessage[], { refused }: StoringOutcome, seconds: number): void {
    const { metrics } = this.parts;
    const now = Date.now();
    let events = 0;
    for (const { results } of messages) {
      for (const result of results) {
        if (result.status !== 'ok' || refused.has(result)) continue;
        events++;
        metrics.observeLag(result, now);
      }
    }
    metrics.observeBatch(events, seconds);
  }

  /** Consecutive events with the same consumer, at most as many as it accepts per call. */
  private *groupsOf(messages: readonly DecodedMessage[]): Generator<EventGroup> {
    let group: EventGroup | undefined;
    for (const { results } of messages) {
      for (const result of results) {
        if (result.status !== 'ok') continue;
        const consumer = this.consumers.get(result.source.type)!;
        if (group?.consumer !== consumer || group.events.length === consumer.atOnce) {
          if (group !== undefined) yield group;
          group = { consumer, events: [] };
        }
        group.events.push(result);
      }
    }
    if (group !== undefined) yield group;
  }
}

/** Events that are stored together. */
interface EventGroup {
  consumer: EventConsumer;
  events: ReceivedEvent[];
}

function lettersOf({ results, refused: count }: DecodedMessage, { refused }: StoringOutcome): DeadLetter[] {
  const letters: DeadLetter[] = [];
  if (count === 0 && refused.size === 0) return letters;
  for (const result of results) {
    if (result.status === 'dead letter') letters.push(result.letter);
    else if (result.status === 'ok' && refused.has(result)) letters.push(refused.get(result)!.letter);
  }
  return letters;
}
