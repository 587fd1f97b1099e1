import type { Options } from 'amqplib';
import { ConfirmPublisher, CannotPublishError, type ConfirmPublisherOptions } from '#libs/broker';
import { DEAD_LETTERS } from '#libs/contracts';
import { BackOff, pause } from '#libs/timing';
import type { DeadLetter } from '../../intake/dead-letter.js';

const PAUSES = { firstMs: 100, longestMs: 5_000 };

/**
 * Publishes dead letters on a separate connection. During an alarm, RabbitMQ stops reading from connections that
 * publish, which would also delay acknowledgements.
 */
export class DeadLetterPublisher {
  private readonly publisher: ConfirmPublisher;
  /** The last reported failure, until a publish succeeds. */
  private failure?: string;

  constructor(private readonly options: Omit<ConfirmPublisherOptions, 'name'>) {
    this.publisher = new ConfirmPublisher({ ...options, name: 'serverstats-ingestion dead letters' });
  }

  /** Connects in the background. */
  start(): void {
    this.publisher.start();
  }

  /** Why dead letters cannot be published now; undefined if they can. */
  get obstacle(): string | undefined {
    return this.publisher.obstacle;
  }

  /** Retries until the broker has confirmed all of them. Also resolves when the signal aborts. */
  async publish(letters: readonly DeadLetter[], signal: AbortSignal): Promise<void> {
    await Promise.all(letters.map((letter) => this.publishOne(letter, signal)));
  }

  close(): Promise<void> {
    return this.publisher.close();
  }

  private async publishOne(letter: DeadLetter, signal: AbortSignal): Promise<void> {
    const backOff = new BackOff(PAUSES);
    while (!signal.aborted) {
      try {
        await this.publisher.publish(DEAD_LETTERS, letter.routingKey, letter.content, propertiesOf(letter));
        this.failure = undefined;
        return;
      } catch (error) {
        if (!(error instanceof CannotPublishError)) {
          this.report(error as Error);
          await pause(backOff.next(), signal);
        }
        await this.publisher.untilOpen(signal);
      }
    }
  }

  /** Reports consecutive failures with the same message once. */
  private report(error: Error): void {
    if (error.message === this.failure) return;
    this.failure = error.message;
    this.options.onError(error);
  }
}

function propertiesOf({ contentType, contentEncoding, messageId, timestamp, headers }: DeadLetter): Options.Publish {
  return { persistent: true, mandatory: true, contentType, contentEncoding, messageId, timestamp, headers };
}
