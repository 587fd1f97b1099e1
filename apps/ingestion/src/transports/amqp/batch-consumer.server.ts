import type { ChannelModel } from 'amqplib';
import { BrokerConnection, brokerVersionNote, declareTopology, QueueDepths } from '#libs/broker';
import type { StatisticsContract } from '#libs/contracts';
import type { Database } from '#libs/database';
import { DegradedError, describeError, OutageLog, type LogIds, type Logger } from '#libs/observability';
import { BackOff, pause, systemClock, withDeadline, type Clock } from '#libs/timing';
import { EventsServer } from '../../intake/events.server.js';
import type { Intake } from '../../intake/intake.service.js';
import type { MemoryShare } from '../../intake/memory-budget.js';
import { ConsumerSession, type BatchSettings } from './consumer-session.js';
import { DeadLetterPublisher } from './dead-letter.publisher.js';
import { PrefetchWindow } from './prefetch-window.js';

export interface BatchConsumerOptions {
  urls: readonly string[];
  contract: StatisticsContract;
  intake: Intake;
  prefetch: number;
  batch: BatchSettings;
  /** The number of concurrent batches, by queue. @defaultValue 1 */
  batchesAtOnce: Readonly<Record<string, number>>;
  database: Pick<Database, 'noteFailure'>;
  logger: Logger;
  /** Called when the service has reconnected to the broker. */
  onReconnect?(): void;
  /** The clock of the back-offs. @defaultValue the system clock */
  clock?: Clock;
}

const BROKER_OUTAGE = {
  begins: 'RabbitMQ is not available',
  goesOn: 'RabbitMQ is still not available',
  ends: 'RabbitMQ is available again',
} as const;
const QUEUE_OUTAGE = {
  begins: 'consuming a queue failed, retrying',
  goesOn: 'consuming a queue still fails',
  ends: 'consuming a queue succeeds again',
} as const;
const DRAIN_DEADLINE_MS = 10_000;
const DECLARE_TIMEOUT_MS = 10_000;
/** The back-off between two sessions of a queue. */
const PAUSES = { firstMs: 1_000, longestMs: 30_000 };

/**
 * Nest transport that consumes queues in micro-batches over one connection, reconnects, and acknowledges a batch after
 * its events are stored. docs/architecture.md says why Nest's own transport is not used.
 */
export class BatchConsumerServer extends EventsServer {
  /** The depths of all queues. Unknown without a connection. */
  readonly depths: QueueDepths;
  private readonly broker: BrokerConnection;
  private readonly deadLetters: DeadLetterPublisher;
  /** The memory of each queue. */
  private readonly shares = new Map<string, MemoryShare>();
  private readonly sessions = new Map<string, ConsumerSession>();
  private readonly failures = new Map<string, string>();
  private readonly outage: OutageLog;
  /** By queue. */
  private readonly queueOutages = new Map<string, OutageLog>();
  /** Later connections are reported by the end of an outage. */
  private hasConsumed = false;
  private readonly stopping = new AbortController();
  private readonly clock: Clock;

  constructor(private readonly options: BatchConsumerOptions) {
    super(options.intake);
    this.clock = options.clock ?? systemClock;
    const { logger } = options;
    this.outage = new OutageLog({
      name: 'rabbitmq',
      messages: BROKER_OUTAGE,
      probe: () => this.probeConnection(),
      clock: this.clock,
      logger,
    });
    this.broker = new BrokerConnection({
      urls: options.urls,
      name: 'serverstats-ingestion',
      clock: this.clock,
      onConnect: (connection) => this.onConnect(connection),
      onError: (error) => this.outage.note(error),
      onReconnect: () => options.onReconnect?.(),
    });
    this.depths = new QueueDepths(() => this.broker.current);
    this.deadLetters = new DeadLetterPublisher({
      urls: options.urls,
      contract: options.contract,
      clock: this.clock,
      onError: (error) => this.outage.note(error),
      onAlarm: (reason) => {
        if (reason === undefined) options.logger.info('the alarm of RabbitMQ has ended');
        else options.logger.warn({ reason }, 'RabbitMQ has raised an alarm: dead letters are not published');
      },
      onReconnect: () => options.onReconnect?.(),
    });
  }

  /** Unacknowledged messages of this instance, by queue. */
  get unacknowledged(): ReadonlyMap<string, number> {
    return new Map([...this.sessions].map(([queue, session]) => [queue, session.unacknowledged]));
  }

  /** Does not wait for the broker. Until it is connected, the readiness check fails. */
  listen(callback: (error?: unknown) => void): void {
    for (const queue of this.pipeline.queues) {
      this.shares.set(queue, this.intake.memory.share());
      this.queueOutages.set(queue, this.outageOf(queue));
    }
    this.broker.start();
    callback();
  }

  /** Cancels the consumers, stores and acknowledges delivered messages within a deadline, then disconnects. */
  async close(): Promise<void> {
    this.stopping.abort();
    for (const outage of [this.outage, ...this.queueOutages.values()]) outage.stop();
    const drained = Promise.all([...this.sessions.values()].map((session) => session.drain()));
    await withDeadline({ what: 'draining', ms: DRAIN_DEADLINE_MS }, drained).catch((error: Error) =>
      this.options.logger.warn(
        { error: describeError(error) },
        'draining took too long: unacknowledged messages return to their queues',
      ),
    );
    await Promise.all([this.broker.close(), this.deadLetters.close()]);
  }

  /**
   * @throws Error with the reason why the connection is down
   * @throws DegradedError while dead letters cannot be published
   */
  async probeConnection(): Promise<void> {
    if (!this.broker.isConnected) throw this.broker.failure;
    const { obstacle } = this.deadLetters;
    if (obstacle !== undefined) throw new DegradedError(`dead letters cannot be published to RabbitMQ: ${obstacle}`);
  }

  /** @throws Error that names the queues without a consumer, or a queue whose batches fail */
  async probeConsumers(): Promise<void> {
    const missing = this.pipeline.queues.filter((queue) => this.sessions.get(queue)?.isConsuming !== true);
    if (missing.length > 0) throw new Error(`no consumer on ${missing.join(', ')}`);
    for (const [queue, message] of this.failures) throw new Error(`batches of ${queue} fail: ${message}`);
  }

  private async onConnect(connection: ChannelModel): Promise<void> {
    await this.declare(connection);
    // Only now, so that an error of the topology is not logged twice.
    this.deadLetters.start();
    const note = brokerVersionNote(connection);
    if (note !== undefined) this.options.logger.info(note);
    const ended = new AbortController();
    connection.once('close', () => ended.abort());
    const over = AbortSignal.any([ended.signal, this.stopping.signal]);
    for (const queue of this.pipeline.queues) {
      this.keepConsuming(connection, queue, over).catch((error: Error) => this.onFailure(queue, error));
    }
    if (!this.hasConsumed) this.options.logger.info('consuming from RabbitMQ');
    this.hasConsumed = true;
  }

  private declare(connection: ChannelModel): Promise<void> {
    const declaring = declareTopology(connection, this.options.contract);
    return withDeadline({ what: 'declaring queues and exchanges', ms: DECLARE_TIMEOUT_MS }, declaring);
  }

  /** Opens one session after another for as long as the connection lives. */
  private async keepConsuming(connection: ChannelModel, queue: string, over: AbortSignal): Promise<void> {
    const window = new PrefetchWindow(this.options.prefetch);
    const backOff = new BackOff(PAUSES);
    while (!over.aborted) {
      const session = new ConsumerSession({
        queue,
        pipeline: this.pipeline,
        batch: this.options.batch,
        batchesAtOnce: this.options.batchesAtOnce[queue] ?? 1,
        window,
        deadLetters: this.deadLetters,
        memory: this.shares.get(queue)!,
        clock: this.clock,
        onBatchFailure: (error, ids) => this.onFailure(queue, error, ids),
        onBatchSuccess: () => this.failures.delete(queue),
      });
      this.sessions.set(queue, session);
      try {
        await session.open(connection);
        this.failures.delete(queue);
        const since = this.clock.now();
        await session.ended;
        backOff.succeeded(this.clock.now() - since);
      } catch (error) {
        this.onFailure(queue, error as Error);
      }
      // The session may have ended, or not started, because a queue was deleted.
      if (!over.aborted) await this.declare(connection).catch((error: Error) => this.onFailure(queue, error));
      await pause(backOff.next(), over, this.clock);
    }
    this.failures.delete(queue);
  }

  private onFailure(queue: string, error: Error, ids: LogIds = { queue }): void {
    if (this.stopping.signal.aborted) return;
    this.failures.set(queue, describeError(error));
    if (!this.options.database.noteFailure(error, ids)) this.queueOutages.get(queue)?.note(error, ids);
  }

  private outageOf(queue: string): OutageLog {
    const probe = async () => {
      const failure = this.failures.get(queue);
      if (failure !== undefined) throw new Error(failure);
    };
    const logger = this.options.logger.child({ queue });
    return new OutageLog({ name: 'queue', messages: QUEUE_OUTAGE, probe, clock: this.clock, logger });
  }
}
