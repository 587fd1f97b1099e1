import type { Logger } from '#libs/observability';
import type { DeadLetter } from './dead-letter.js';
import type { EventConsumer } from './event-consumer.js';
import type { EventMetrics } from './event.metrics.js';
import type { ReceivedEvent } from './event-result.js';
import { StoringOutcome, type EventStorer } from './event-storer.service.js';
import type { EventType } from './event-type.js';
import type { IncomingMessage } from './incoming-message.js';
import { MessageDecoder, type DecodedMessage } from './message-decoder.js';

export interface EventPipelineParts {
  /** What is older is dropped, in days. */
  retentionDays: number;
  storer: EventStorer;
  metrics: EventMetrics;
  logger: Logger;
}

/** The way of every event, whichever transport brings it: decoded, stored by its consumer, and counted. */
export class EventPipeline {
  /** Where its events come from. */
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
    const twice = types.find((type) => this.types.get(type.name) !== type);
    if (twice !== undefined) throw new Error(`two consumers take ${twice.name}`);
    this.queues = [...new Set(types.map(({ queue }) => queue))];
    this.decoder = new MessageDecoder({ types: this.types, retentionDays: parts.retentionDays });
  }

  /** The queue in which events of a name are taken. */
  queueOf(name: string): string | undefined {
    return this.types.get(name)?.queue;
  }

  /** Decodes a message, and counts the events that never get to a consumer. Never throws. */
  decode(message: IncomingMessage): DecodedMessage {
    const decoded = this.decoder.decode(message);
    this.parts.metrics.countUnrepeatable(decoded.unrepeatable);
    if (decoded.received < decoded.results.length) this.countOthers(decoded, message);
    return decoded;
  }

  private countOthers({ results, refused: count }: DecodedMessage, { queue }: IncomingMessage): void {
    const { metrics, logger } = this.parts;
    for (const result of results) {
      if (result.status === 'drop') metrics.count(result.reason, 1);
      else if (result.status === 'dead letter') metrics.countDeadLetter(result.reason);
    }
    // Not its message or its routing key, which may repeat what the publisher sent: they lie with the dead letter.
    const first = results.find((result) => result.status === 'dead letter');
    if (first) logger.warn({ queue, count, error: first.reason }, 'events go to the dead letters');
  }

  /**
   * Has the events of a batch stored by their consumers, in order, and counts what became of them.
   *
   * @returns the dead letters of each message: of events that could not be decoded, and of those that cannot be stored
   * @throws the error in an outage: nothing is decided, the same batch is to be stored again, which does no harm
   */
  async store(messages: readonly DecodedMessage[]): Promise<DeadLetter[][]> {
    const { metrics, storer } = this.parts;
    const outcome = new StoringOutcome();
    const startedAt = performance.now();
    for (const { consumer, events } of this.portionsOf(messages)) await storer.store(events, consumer, outcome);
    // Not before: what fails in the middle is done again as a whole.
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

  /** Neighbours with the same consumer, at most as many at a time as it takes. */
  private *portionsOf(messages: readonly DecodedMessage[]): Generator<Portion> {
    let portion: Portion | undefined;
    for (const { results } of messages) {
      for (const result of results) {
        if (result.status !== 'ok') continue;
        const consumer = this.consumers.get(result.source.type)!;
        if (portion?.consumer !== consumer || portion.events.length === consumer.atOnce) {
          if (portion !== undefined) yield portion;
          portion = { consumer, events: [] };
        }
        portion.events.push(result);
      }
    }
    if (portion !== undefined) yield portion;
  }
}

/** Events that are stored together. */
interface Portion {
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
