import { setMaxListeners } from 'node:events';
import type { ConsumeMessage } from 'amqplib';
import { CannotPublishError, ConfirmPublisher, hasUnreadableProperties } from '#libs/broker';
import { EVENTS_EXCHANGE } from '#libs/contracts';
import { describeError } from '#libs/observability';
import { withProgress } from '#libs/progress';
import { pause, withDeadline } from '#libs/timing';
import { CONNECTION_NAME, type BrokerSession } from '../broker-session.js';
import { DeadLetterWalk } from './dead-letter-walk.js';
import type { Removed, RemovalOptions } from './discard-letters.js';
import { LetterSelection } from './letter-selection.js';
import { replayRoutingKey } from './read-dead-letter.js';
import { hasIdentity, identifiedProperties, replayedProperties } from './replayed-message.js';

/** Bounds the memory: bodies of up to 1 MiB are kept until they are confirmed. */
const WINDOW_SIZE = 64;
const OPEN_TIMEOUT_MS = 10_000;
const RETRY_MS = 20;
const MAX_ROUTING_KEY_BYTES = 255;

/** Publishes dead letters again, and removes each after the broker has confirmed it. */
export async function replayLetters(session: BrokerSession, options: RemovalOptions): Promise<Removed> {
  const replay = new Replay(await openWalk(session, options), session.urls, options);
  return replay.run();
}

function openWalk({ connection }: BrokerSession, { atMost }: RemovalOptions): Promise<DeadLetterWalk> {
  return DeadLetterWalk.open(connection, { windowSize: WINDOW_SIZE, atMost, mayTake: true, mayCopy: true });
}

class Replay {
  private readonly selection: LetterSelection;
  private readonly publisher: ConfirmPublisher;
  /** The first error that the publisher reported. */
  private publisherError?: Error;
  /** The numbers of dead letters that could not be published, by reason. */
  private readonly failures = new Map<string, number>();
  private replayed = 0;
  private readonly ended = new AbortController();

  constructor(
    private readonly walk: DeadLetterWalk,
    urls: readonly string[],
    { filter }: RemovalOptions,
  ) {
    // Every visit of a window listens to it.
    setMaxListeners(2 * WINDOW_SIZE, this.ended.signal);
    this.selection = new LetterSelection(walk, filter);
    this.publisher = new ConfirmPublisher({
      urls,
      name: CONNECTION_NAME,
      onError: (error) => (this.publisherError ??= error),
      onAlarm: (reason) => {
        if (reason !== undefined) this.onAlarm(reason);
      },
    });
  }

  async run(): Promise<Removed> {
    let interruption: Error | undefined;
    if (this.walk.size > 0) this.publisher.start();
    try {
      await withProgress(this.walk, () => this.walk.run((letter, isCopy) => this.visit(letter, isCopy)));
    } catch (error) {
      interruption = error as Error;
    }
    this.ended.abort();
    await this.publisher.close();
    const problem = interruption ?? this.problemOfFailures();
    return { removed: this.replayed, left: this.walk.total - this.replayed, problem };
  }

  private async visit(letter: ConsumeMessage, isCopy: boolean): Promise<void> {
    if (!isCopy && this.selection.choose(letter) === undefined) return;
    await this.untilOpen();
    const obstacle = obstacleOf(letter);
    if (obstacle !== undefined) return this.countFailure(obstacle);
    if (hasIdentity(letter)) return this.publishAgain(letter);
    // If the tool is killed after the confirm, the next replay publishes it again, and it must be the same event.
    this.walk.replaceWithCopy(letter, identifiedProperties(letter));
  }

  private async publishAgain(letter: ConsumeMessage): Promise<void> {
    const properties = { ...replayedProperties(letter), mandatory: true };
    for (;;) {
      await this.untilOpen();
      try {
        await this.publisher.publish(EVENTS_EXCHANGE, replayRoutingKey(letter), letter.content, properties);
        break;
      } catch (error) {
        if (this.publisher.obstacle !== undefined) throw this.unavailable();
        if (error instanceof CannotPublishError) {
          // Too many messages are unconfirmed.
          await pause(RETRY_MS);
          continue;
        }
        return this.countFailure(describeError(error));
      }
    }
    if (this.walk.take(letter)) this.replayed++;
  }

  /** Resolves when publishing is possible. */
  private async untilOpen(): Promise<void> {
    const opening = this.publisher.untilOpen(this.ended.signal);
    await withDeadline({ what: 'connecting to publish', ms: OPEN_TIMEOUT_MS }, opening).catch(() => {
      throw this.unavailable();
    });
    this.ended.signal.throwIfAborted();
  }

  private unavailable(): Error {
    const reason = this.publisherError?.message ?? this.publisher.obstacle;
    return new Error(`nothing more can be published: ${reason}`);
  }

  /** Ends the replay, and discards what RabbitMQ would publish after the alarm. */
  private onAlarm(reason: string): void {
    const alarm = new Error(`RabbitMQ takes no messages, it has raised an alarm: ${reason}`);
    this.walk.fail(alarm);
    this.publisher.discardUnsent(alarm);
  }

  private problemOfFailures(): Error | undefined {
    if (this.failures.size === 0) return undefined;
    const reasons = [...this.failures].map(([reason, count]) => `${count}: ${reason}`);
    return new Error(`not all could be published again (${reasons.join('; ')})`);
  }

  private countFailure(reason: string): void {
    this.failures.set(reason, (this.failures.get(reason) ?? 0) + 1);
  }
}

/** @returns why a dead letter cannot be published unchanged; undefined if it can */
function obstacleOf(letter: ConsumeMessage): string | undefined {
  if (hasUnreadableProperties(letter)) return 'the properties cannot be read: headers are nested too deep';
  if (Buffer.byteLength(replayRoutingKey(letter)) <= MAX_ROUTING_KEY_BYTES) return undefined;
  return 'the routing key is longer than 255 bytes';
}
