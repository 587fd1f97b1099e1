import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'amqplib';

const EXCHANGE = 'serverstats.events';
/** Events beyond this are dropped. At 10 events a second it is enough for a quarter of an hour without a broker. */
const OUTBOX_SIZE = 10_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** In seconds. After two of them without a sign of life, the connection counts as lost. */
const HEARTBEAT_S = 15;

/**
 * Publishes events to Serverstats. An event stays in the outbox until RabbitMQ has confirmed it. After a failure,
 * everything in the outbox is published again, unchanged, so it is stored once.
 */
export class Publisher {
  /** How many events were dropped because the outbox was full. */
  dropped = 0;
  #url;
  #onError;
  /** In the order of publishing. */
  #outbox = new Set();
  /** Undefined while there is no connection. */
  #channel;
  #hasConfirms = false;
  #closing = new AbortController();
  #running;

  /**
   * @param {string} url AMQP URL of RabbitMQ
   * @param {(error: Error) => void} [onError] called when RabbitMQ cannot be reached or does not accept an event
   */
  constructor(url, onError = (error) => console.error(`Serverstats: ${error.message}`)) {
    this.#url = url;
    this.#onError = onError;
    this.#running = this.#run();
  }

  /** How many events RabbitMQ has not confirmed yet. */
  get waiting() {
    return this.#outbox.size;
  }

  /**
   * Publishes an event. Never waits and never throws.
   *
   * @param {string} kind such as `command.used`
   * @param {object} event the fields of the kind, with ids as strings
   * @param {string} [id] identifies the event: published again with the same id and time, it is stored once
   * @param {Date} [occurredAt]
   * @returns {boolean} false if the outbox is full and the event was dropped
   */
  publish(kind, event, id = randomUUID(), occurredAt = new Date()) {
    if (this.#outbox.size >= OUTBOX_SIZE) {
      this.dropped++;
      return false;
    }
    const message = {
      kind,
      content: Buffer.from(JSON.stringify({ ...event, occurred_at: occurredAt.toISOString() })),
      properties: { messageId: id, contentType: 'application/json', persistent: true },
    };
    this.#outbox.add(message);
    if (this.#channel) this.#send(message, this.#channel);
    return true;
  }

  /** Waits until all events are confirmed, but not longer than this, and closes the connection. */
  async close(withinMs = 5_000) {
    const deadline = Date.now() + withinMs;
    while (this.#outbox.size > 0 && Date.now() < deadline) await pause(20);
    this.#closing.abort();
    await this.#running;
  }

  async #run() {
    const { signal } = this.#closing;
    for (let failures = 0; !signal.aborted;) {
      this.#hasConfirms = false;
      try {
        await this.#publishOnOneConnection(signal);
      } catch (error) {
        this.#onError(error);
        failures = this.#hasConfirms ? 1 : failures + 1;
        const longest = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
        // The random part keeps many bots from coming back at the same moment.
        await pause(longest * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Resolves when the publisher is closed. Rejects when the connection is lost, or RabbitMQ rejects an event. */
  async #publishOnOneConnection(signal) {
    const url = new URL(this.#url);
    url.searchParams.set('heartbeat', String(HEARTBEAT_S));
    const connection = await connect(url.href, { timeout: CONNECT_TIMEOUT_MS });
    let onAbort;
    try {
      await new Promise((resolve, reject) => {
        onAbort = resolve;
        signal.addEventListener('abort', onAbort);
        connection.on('error', reject);
        connection.on('close', () => reject(new Error('the connection to RabbitMQ was closed')));
        this.#publishOnOneChannel(connection, reject).catch(reject);
      });
    } finally {
      this.#channel = undefined;
      signal.removeEventListener('abort', onAbort);
      await Promise.resolve()
        .then(() => connection.close())
        .catch(() => undefined); // it is closed already
    }
  }

  async #publishOnOneChannel(connection, fail) {
    const channel = await connection.createConfirmChannel();
    channel.on('error', fail);
    channel.on('close', () => fail(new Error('RabbitMQ closed the channel')));
    this.#channel = { channel, fail };
    for (const message of this.#outbox) this.#send(message, this.#channel);
  }

  #send(message, { channel, fail }) {
    try {
      channel.publish(EXCHANGE, message.kind, message.content, message.properties, (error) => {
        if (error) return fail(new Error('RabbitMQ did not confirm an event'));
        this.#outbox.delete(message);
        this.#hasConfirms = true;
      });
    } catch (error) {
      fail(error); // the channel is closed
    }
  }
}
