import { gzipSync } from 'node:zlib';
import pg from 'pg';
import type { Options } from 'amqplib';
import { QUEUES, SWITCH_NAMES } from '#libs/contracts';
import { DiscordDouble } from '../doubles/discord/index.js';
import { SnowflakeSource } from '../harness/made-up-events.js';
import type { Publisher } from '../harness/publisher.js';
import type { ServiceProcess } from '../harness/services.js';
import { TestSystem } from '../harness/system.js';
import { waitFor } from '../harness/wait-for.js';

const MIB = 1_048_576;
/** The limit for all queues together. */
const MOST_HELD = 64 * MIB;
/** Includes the memory of an idle process, and garbage that is not collected yet. */
const MOST_RESIDENT = 350 * MIB;
/** The process crashes if it keeps more than this. */
const MOST_HEAP_MIB = 160;

interface Shape {
  what: string;
  queue: string;
  messages: number;
  /** How many messages are consumed before the others are published. @defaultValue 0 */
  first?: number;
  /** The number of events in each message. */
  events: number;
  /** Publishes the n-th message. */
  publish(publisher: Publisher, guildId: string, n: number): Promise<void>;
  /** The bytes to be held before the database answers again. @defaultValue those of all messages */
  holds?: number;
}

const ids = new SnowflakeSource(Date.now());

/** A megabyte of JSON, which compresses to a kilobyte. */
const padded = (event: object) => `{"padding":"${'x'.repeat(MIB - 400)}",${JSON.stringify(event).slice(1)}`;
const compressed = (body: string): [Buffer, Options.Publish] => [gzipSync(body), { contentEncoding: 'gzip' }];
const star = (guild_id: string) => ({ guild_id, channel_id: ids.next(), message_id: ids.next() });

const SHAPES: Shape[] = [
  {
    what: 'compressed snapshots',
    queue: QUEUES.guilds,
    messages: 200,
    events: 1,
    publish: (publisher, guild_id) =>
      publisher.publish('guild.snapshot', ...compressed(padded({ guild_id, member_count: 1 }))),
  },
  {
    what: 'compressed stars',
    queue: QUEUES.starboard,
    messages: 200,
    events: 1,
    publish: (publisher, guild_id) => publisher.publish('star.added', ...compressed(padded(star(guild_id)))),
  },
  {
    what: 'compressed statistics',
    queue: QUEUES.statistics,
    messages: 200,
    events: 1,
    publish: (publisher, guild_id, n) =>
      publisher.publish('command.used', ...compressed(padded({ guild_id, command: `a command of some length ${n}` }))),
  },
  {
    what: 'compressed arrays',
    queue: QUEUES.starboard,
    messages: 200,
    events: 2,
    publish: (publisher, guild_id) =>
      publisher.publish('star.added', ...compressed(`[${padded(star(guild_id))},{"guild_id":"not one"}]`)),
    holds: 4 * MIB,
  },
  {
    what: 'small messages followed by large ones',
    queue: QUEUES.starboard,
    messages: 700,
    first: 600,
    events: 1,
    publish: (publisher, guild_id, n) =>
      publisher.publish('star.added', n < 600 ? star(guild_id) : padded(star(guild_id))),
    holds: 20 * MIB,
  },
];

describe('an ingestion service whose database does not answer', () => {
  let system: TestSystem;
  let discord: DiscordDouble;
  let service: ServiceProcess;
  let publisher: Publisher;
  let lock: pg.Client;
  let published = 0;

  beforeAll(async () => {
    [system, discord] = await Promise.all([TestSystem.create(), DiscordDouble.start()]);
    lock = new pg.Client({ connectionString: system.database.url });
    await lock.connect();
    const memory = `--max-old-space-size=${MOST_HEAP_MIB}`;
    service = await system.startIngestion({
      env: { DISCORD_TOKEN: discord.token, DISCORD_API_URL: discord.url, NODE_OPTIONS: memory },
    });
    publisher = await system.connectPublisher();
  });
  afterAll(async () => {
    await lock?.end();
    await publisher?.close();
    await system?.close();
    await discord?.close();
  });

  const metric = async (name: string) => {
    const text = await (await fetch(`${service.url}/metrics`)).text();
    return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1]);
  };

  it.each(SHAPES)('should hold at most 64 MiB of $what', async (shape) => {
    const { queue, messages, events, holds, first = 0 } = shape;
    const guildId = ids.next(86_400_000);
    await system.openGuild(guildId, SWITCH_NAMES);
    await lock.query('BEGIN; LOCK TABLE guild_settings IN ACCESS EXCLUSIVE MODE');
    try {
      const publish = (from: number, to: number) =>
        Promise.all(Array.from({ length: to - from }, (_, n) => shape.publish(publisher, guildId, from + n)));
      if (first > 0) {
        await publish(0, first);
        await waitFor(async () => (await publisher.depth(queue)) === 0, { what: 'the first messages to be consumed' });
        // The broker sends the others before the service can reduce its prefetch count.
        service.child.kill('SIGSTOP');
      }
      await publish(first, messages);
      service.child.kill('SIGCONT');
      let highest = 0;
      const held = async () => {
        const bytes = await metric('serverstats_held_message_bytes');
        highest = Math.max(highest, bytes);
        return bytes;
      };
      const isHeld = async () =>
        (await held()) >= (holds ?? 1) && (holds !== undefined || (await publisher.depth(queue)) === 0);
      await waitFor(isHeld, { what: 'the messages to be held' });
      await waitFor(async () => (await metric('serverstats_process_resident_memory_bytes')) < MOST_RESIDENT, {
        what: 'the memory of the process to shrink',
      });
      await held();
      expect(highest).toBeLessThanOrEqual(MOST_HELD);
    } finally {
      await lock.query('ROLLBACK');
    }
    published += messages * events;
    await system.untilHandled(published);
    expect(service.child.exitCode).toBeNull();
  });
});
