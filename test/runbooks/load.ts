import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '#libs/observability';
import { ApiClient } from '../harness/api-client.js';
import { Publisher } from '../harness/publisher.js';

/** Events a second over AMQP, half of them in arrays. */
const AMQP_RATE = Number(process.env.RUNBOOK_RATE ?? 200);
const ARRAY_LENGTH = 10;
/** POSTs a second, and as many GETs. */
const HTTP_RATE = AMQP_RATE / 40;
const TICK_MS = 100;
/** A bot waits no longer for a confirm or an answer. */
const ANSWER_MS = 60_000;
/** On a machine that cannot do more, the rates are not reached. */
const MOST_PENDING = 200;

/** A bot that publishes with confirms and by POST and reads settings, and never repeats anything. */
export class Load {
  /** Events that were confirmed, or answered with 202. */
  accepted = 0;
  /** Everything that a bot would have to repeat. */
  readonly errors: string[] = [];
  /** The slowest confirm and the slowest answer, in milliseconds. */
  readonly slowest = { confirm: 0, answer: 0 };
  private readonly pending = new Set<Promise<void>>();
  private readonly stopped = new AbortController();
  private running?: Promise<void>;
  private calls = 0;

  private constructor(
    private readonly publisher: Publisher,
    private readonly guildId: string,
    private readonly queryUrls: () => readonly string[],
  ) {}

  /** @param queryUrls where a balancer would send the next request */
  static async start(brokerUrl: string, guildId: string, queryUrls: () => readonly string[]): Promise<Load> {
    const load = new Load(await Publisher.connect(brokerUrl), guildId, queryUrls);
    load.running = load.run();
    return load;
  }

  /** Resolves when everything was answered. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.running;
    await Promise.all(this.pending);
    await this.publisher.close().catch((error: Error) => this.errors.push(error.message));
  }

  private async run(): Promise<void> {
    for (let tick = 0; !this.stopped.signal.aborted; tick++) {
      if (this.pending.size < MOST_PENDING) {
        for (let sent = 0; sent < (AMQP_RATE * TICK_MS) / 1_000; sent += 2 * ARRAY_LENGTH) this.publishSome();
        if (tick % Math.max(1, Math.round(1_000 / TICK_MS / HTTP_RATE)) === 0) {
          this.note('answer', 1, () => this.post());
          this.note('answer', 0, () => this.read());
        }
      }
      await sleep(TICK_MS);
    }
  }

  private publishSome(): void {
    for (let n = 0; n < ARRAY_LENGTH; n++) {
      this.note('confirm', 1, () => this.publisher.publish('command.used', this.event()));
    }
    const array = Array.from({ length: ARRAY_LENGTH }, () => this.event());
    this.note('confirm', ARRAY_LENGTH, () => this.publisher.publish('command.used', array));
  }

  private event(): Record<string, unknown> {
    return { guild_id: this.guildId, command: 'play', event_id: randomUUID(), occurred_at: new Date().toISOString() };
  }

  private async post(): Promise<void> {
    const body = JSON.stringify(this.event());
    await this.call('POST', `stats/command/check`, 202, body);
  }

  private async read(): Promise<void> {
    await this.call('GET', `settings?guild_id=${this.guildId}`, 200);
  }

  private async call(method: string, path: string, expected: number, body?: string): Promise<void> {
    const urls = this.queryUrls();
    const url = urls[this.calls++ % urls.length]!;
    const response = await fetch(`${url}/modules/serverstats/${path}`, {
      method,
      headers: ApiClient.headers,
      body,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await response.text();
    if (response.status !== expected) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  }

  private note(what: 'confirm' | 'answer', events: number, call: () => Promise<void>): void {
    const began = performance.now();
    const done = withDeadline(call())
      .then(() => void (this.accepted += events))
      .catch((error: Error) => void this.errors.push(describeError(error)))
      .finally(() => {
        this.slowest[what] = Math.max(this.slowest[what], Math.round(performance.now() - began));
        this.pending.delete(done);
      });
    this.pending.add(done);
  }
}

async function withDeadline(call: Promise<void>): Promise<void> {
  const deadline = new AbortController();
  try {
    await Promise.race([
      call,
      sleep(ANSWER_MS, undefined, { signal: deadline.signal }).then(() => {
        throw new Error('no confirm came');
      }),
    ]);
  } finally {
    deadline.abort();
  }
}
