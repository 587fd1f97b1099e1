import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { defer, retry, timer } from 'rxjs';

/** Events beyond this are dropped. */
const OUTBOX_SIZE = 10_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Publishes statistics to Serverstats with Nest's own client. The client keeps an event until RabbitMQ has confirmed it,
 * and publishes it again after a lost connection.
 */
export class Publisher {
  /** How many events were dropped because too many were waiting. */
  dropped = 0;
  /** How many events RabbitMQ has not confirmed yet. */
  waiting = 0;
  #client;

  /** @param {string} url AMQP URL of RabbitMQ */
  constructor(url) {
    this.#client = ClientProxyFactory.create({
      transport: Transport.RMQ,
      // With noAssert the client declares nothing; the queue belongs to Serverstats.
      options: { urls: [url], queue: 'serverstats.statistics', noAssert: true, persistent: true },
    });
  }

  /**
   * Publishes an event. Never waits and never throws.
   *
   * @param {string} kind a kind of the catalogue, such as `command.used`
   * @param {object} event the fields of the kind, with ids as strings
   * @param {string} [id] a UUID: published again with the same id and time, the event is stored once
   * @param {Date} [occurredAt]
   * @returns {boolean} false if the event was dropped
   */
  publish(kind, event, id = randomUUID(), occurredAt = new Date()) {
    if (this.waiting >= OUTBOX_SIZE) {
      this.dropped++;
      return false;
    }
    this.waiting++;
    const identified = { ...event, event_id: id, occurred_at: occurredAt.toISOString() };
    // `emit` publishes at once, and its observable completes with the confirm. So a repeat needs another `emit`.
    const confirmed = defer(() => this.#client.emit(kind, identified)).pipe(retry({ delay: pauseAfter }));
    confirmed.subscribe({ complete: () => this.waiting-- });
    return true;
  }

  /** Waits until all events are confirmed, but not longer than this, and closes the connection. */
  async close(withinMs = 5_000) {
    const deadline = Date.now() + withinMs;
    while (this.waiting > 0 && Date.now() < deadline) await pause(20);
    await this.#client.close();
  }
}

function pauseAfter(error, failures) {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
  return timer(longest * (0.5 + Math.random() / 2));
}
