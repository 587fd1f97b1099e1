import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { SWITCH_NAMES } from '#libs/contracts';
import { IS_LONG } from '../harness/long-forms.js';
import { makeEvents, SnowflakeSource, type MadeUpEvent } from '../harness/made-up-events.js';
import { Metrics } from '../harness/metrics.js';
import type { Publisher } from '../harness/publisher.js';
import { TestSystem } from '../harness/system.js';
import { createTcpProxy } from '../harness/tcp-proxy.js';
import { waitFor } from '../harness/wait-for.js';

const ids = new SnowflakeSource(Date.now());
const EVENTS = IS_LONG ? 6_000 : 3_000;
/** Of 900 kB each, which do not fit into the memory of the service together. */
const LARGE_EVENTS = IS_LONG ? 1_500 : 300;

describe('the ingestion service in trouble', () => {
  let system: TestSystem;
  let publisher: Publisher | undefined;
  let guildId: string;

  beforeEach(async () => {
    system = await TestSystem.create();
    guildId = ids.next(30 * 86_400_000);
    await system.openGuild(guildId, SWITCH_NAMES);
  });
  afterEach(async () => {
    await publisher?.close();
    publisher = undefined;
    await system.close();
  });

  const stored = () => system.count('statistic_events WHERE guild_id = $1', [guildId]);
  const storedAtLeast = (count: number) =>
    waitFor(async () => (await stored()) >= count, { what: `${count} stored events`, timeoutMs: 40_000 });
  /** Arrays of 20, so that one round trip of the publisher's confirms is not what the test waits for. */
  const publishAll = async (events: MadeUpEvent[]) => {
    const byKind = groupByKind(events);
    const sends: Promise<void>[] = [];
    for (const [kind, of] of byKind)
      for (let at = 0; at < of.length; at += 20) {
        sends.push(
          publisher!.publish(
            kind,
            of.slice(at, at + 20).map((event) => event.body),
          ),
        );
      }
    await Promise.all(sends);
  };
  const everythingOnce = async () => {
    await storedAtLeast(EVENTS);
    await waitFor(async () => (await publisher!.depth('serverstats.statistics')) === 0, { what: 'an empty queue' });
    expect(await stored()).toBe(EVENTS);
    expect(await publisher!.depth('serverstats.dead-letters')).toBe(0);
  };

  it('should lose nothing and store nothing twice when it is killed under load', async () => {
    // Small batches, so that it is killed between the first and the last.
    const first = await system.startIngestion({ env: { INGESTION_BATCH_SIZE: '100' } });
    publisher = await system.connectPublisher();
    const publishing = publishAll(makeEvents(EVENTS, guildId));
    await storedAtLeast(EVENTS / 12);
    await first.kill();
    await publishing;
    expect(await stored()).toBeLessThan(EVENTS);
    await system.startIngestion();
    await everythingOnce();
  });

  it('should lose nothing and store nothing twice when Postgres cuts its connections in mid-batch', async () => {
    const service = await system.startIngestion();
    publisher = await system.connectPublisher();
    const publishing = publishAll(makeEvents(EVENTS, guildId));
    for (const share of [0.1, 0.25, 0.5]) {
      await storedAtLeast(EVENTS * share);
      await system.database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'serverstats-ingestion'`,
      );
    }
    await publishing;
    await everythingOnce();
    expect(service.child.exitCode).toBeNull();
  });

  it('should store the same records when everything comes three times, in another order, through two instances', async () => {
    const events = makeEvents(EVENTS, guildId);
    await Promise.all([system.startIngestion(), system.startIngestion()]);
    publisher = await system.connectPublisher();
    await Promise.all([publishAll(events), publishAll(events.toReversed()), publishAll(events.toSorted(byKind))]);
    await everythingOnce();
  });

  it('should keep its batch through an outage of Postgres, say that it is not ready, and go on', async () => {
    const url = new URL(system.database.url);
    const proxy = await createTcpProxy(url.hostname, Number(url.port || 5432));
    url.hostname = '127.0.0.1';
    url.port = String(proxy.port);
    try {
      const service = await system.startIngestion({ databaseUrl: url.href });
      publisher = await system.connectPublisher();
      await proxy.refuse();
      proxy.cutAll();
      await publishAll(makeEvents(EVENTS, guildId));
      const status = async () => (await fetch(`${service.url}/readyz`)).status;
      await waitFor(async () => (await status()) === 503, { what: 'not ready' });
      expect(await stored()).toBe(0);
      await proxy.accept();
      await waitFor(async () => (await status()) === 200, { what: 'ready again', timeoutMs: 20_000 });
      await everythingOnce();
    } finally {
      await proxy.close();
    }
  });

  it('should pause and not return deliveries when large bodies follow small ones in an outage', async () => {
    const url = new URL(system.database.url);
    const proxy = await createTcpProxy(url.hostname, Number(url.port || 5432));
    url.hostname = '127.0.0.1';
    url.port = String(proxy.port);
    try {
      const service = await system.startIngestion({ databaseUrl: url.href });
      publisher = await system.connectPublisher();
      await publishAll(makeEvents(EVENTS, guildId)); // the prefetch has grown
      await storedAtLeast(EVENTS);
      await proxy.refuse();
      proxy.cutAll();
      const body = JSON.stringify(Array(100).fill({ guild_id: guildId, pad: 'x'.repeat(9_000) }));
      const timestamp = Math.floor(Date.now() / 1000);
      const large = Array.from({ length: 60 }, (_, n) =>
        publisher!.publish('reminder.created', body, { messageId: `large-${n}`, timestamp }),
      );
      await Promise.all(large);
      await waitFor(async () => (await fetch(`${service.url}/readyz`)).status === 503, { what: 'not ready' });
      await proxy.accept();
      await storedAtLeast(EVENTS + 6_000);
      await waitFor(async () => (await publisher!.depth('serverstats.statistics')) === 0, { what: 'an empty queue' });
      expect(await stored()).toBe(EVENTS + 6_000);
      expect(await publisher.depth('serverstats.dead-letters')).toBe(0);
    } finally {
      await proxy.close();
    }
  });

  it('should come back by itself when the broker cuts the connection, and be not ready meanwhile', async () => {
    const url = new URL(system.vhost.url);
    const proxy = await createTcpProxy(url.hostname, Number(url.port || 5672));
    url.port = String(proxy.port);
    try {
      const service = await system.startIngestion({ brokerUrl: url.href });
      publisher = await system.connectPublisher();
      const publishing = publishAll(makeEvents(EVENTS, guildId));
      await storedAtLeast(EVENTS / 12);
      await proxy.refuse();
      proxy.cutAll();
      const readiness = async () => (await fetch(`${service.url}/readyz`)).status;
      await waitFor(async () => (await readiness()) === 503, { what: 'not ready' });
      await proxy.accept();
      await publishing;
      await everythingOnce();
      await waitFor(async () => (await readiness()) === 200, { what: 'ready again', timeoutMs: 20_000 });
    } finally {
      await proxy.close();
    }
  });

  it('should declare a queue again that was deleted, consume from it, and say what it lacks meanwhile', async () => {
    const service = await system.startIngestion();
    publisher = await system.connectPublisher();
    const channel = await system.vhost.openConfirmChannel();
    const isReady = async () => (await fetch(`${service.url}/readyz`)).status === 200;
    // It may consume again before anybody has looked; and a queue may go before anybody consumes it.
    const loseQueue = async () => {
      await channel.deleteQueue('serverstats.statistics');
      return !(await isReady());
    };
    await waitFor(loseQueue, { what: 'not ready', intervalMs: 500 });
    await waitFor(isReady, { what: 'ready again', timeoutMs: 30_000 });
    await publisher.publish('reminder.created', { guild_id: guildId });
    await storedAtLeast(1);
    expect(service.child.exitCode).toBeNull();
  });

  it('should end with 0 on SIGTERM before it ever reached its database', async () => {
    const service = await system.startIngestion({
      databaseUrl: 'postgres://nobody@127.0.0.1:1/nothing',
      listening: true,
    });
    expect(await service.stop()).toBe(0);
  });

  it('should go on behind messages whose properties no dead letter can bear', async () => {
    await system.startIngestion();
    publisher = await system.connectPublisher();
    await publisher.publish('reminder.created', '[{}]', { messageId: 'x'.repeat(254), timestamp: 1.7e18 });
    await publisher.publish('reminder.created', '{}', { contentType: 'y'.repeat(255), timestamp: 1.7e18 });
    await publisher.publish('reminder.created', { guild_id: guildId });
    await storedAtLeast(1);
    expect(await publisher.waitForDeadLetters(2)).toHaveLength(2);
  });

  it('should hold packed arrays within its memory, whatever they unpack to', async () => {
    const service = await system.startIngestion({ env: { NODE_OPTIONS: '--max-old-space-size=160' } });
    publisher = await system.connectPublisher();
    const bomb = gzipSync(`[${Array(1_000).fill('0').join(',')}]`);
    const full = gzipSync(
      JSON.stringify(Array(1_000).fill({ guild_id: guildId, event_id: randomUUID(), occurred_at: Date.now() })),
    );
    const sends = Array.from({ length: 400 }, (_, n) =>
      publisher!.publish('reminder.created', n % 20 === 0 ? bomb : full, { contentEncoding: 'gzip' }),
    );
    await Promise.all(sends);
    await waitFor(async () => (await publisher!.depth('serverstats.dead-letters')) === 20_000, {
      what: 'the elements in the dead letters',
      timeoutMs: 40_000,
    });
    await system.untilHandled(400_000);
    expect(await stored()).toBe(1);
    expect(service.child.exitCode).toBeNull();
  });

  it('should hold packed events within its memory, whatever else stands in them', async () => {
    const service = await system.startIngestion({ env: { NODE_OPTIONS: '--max-old-space-size=160' } });
    publisher = await system.connectPublisher();
    const sends = Array.from({ length: LARGE_EVENTS }, (_, n) => {
      const event = {
        guild_id: guildId,
        event_id: randomUUID(),
        occurred_at: Date.now(),
        ignored: 'x'.repeat(900_000),
      };
      // One in ten is wrong, and goes to the dead letters as it came.
      return publisher!.publish('reminder.created', gzipSync(JSON.stringify(n % 10 === 0 ? [{}, event] : event)), {
        contentEncoding: 'gzip',
      });
    });
    await Promise.all(sends);
    await storedAtLeast(LARGE_EVENTS);
    expect(await publisher.waitForDeadLetters(LARGE_EVENTS / 10)).toHaveLength(LARGE_EVENTS / 10);
    expect(service.child.exitCode).toBeNull();
  });

  it('should commit and acknowledge what it holds on SIGTERM, and end with 0 within 15 s', async () => {
    // Small batches and few messages ahead, so that the signal comes between the first and the last.
    const first = await system.startIngestion({ env: { INGESTION_BATCH_SIZE: '20', INGESTION_PREFETCH: '40' } });
    publisher = await system.connectPublisher();
    const publishing = publishAll(makeEvents(EVENTS, guildId));
    await storedAtLeast(1);
    const signalledAt = performance.now();
    expect(await first.stop()).toBe(0);
    expect(performance.now() - signalledAt).toBeLessThan(15_000);
    await publishing;
    const second = await system.startIngestion();
    await everythingOnce();
    // What was committed was acknowledged, so it was not delivered again.
    expect((await Metrics.of(second)).value('serverstats_events_total', { outcome: 'duplicate' })).toBe(0);
  });

  it('should say in one line that a queue has other arguments, delete nothing, and live on', async () => {
    const channel = await system.vhost.openConfirmChannel();
    await channel.assertQueue('serverstats.statistics', { durable: true });
    channel.sendToQueue('serverstats.statistics', Buffer.from('kept'));
    await channel.waitForConfirms();
    const service = await system.startIngestion({ listening: true });
    const lines = () =>
      service
        .output()
        .split('\n')
        .filter((line) => line.includes('other arguments'));
    await waitFor(() => lines().length > 0, { what: 'the line' });
    expect(lines()[0]).toContain('serverstats.statistics');
    expect((await fetch(`${service.url}/readyz`)).status).toBe(503);
    expect((await channel.checkQueue('serverstats.statistics')).messageCount).toBe(1);
    expect(lines()).toHaveLength(1);
    expect(service.child.exitCode).toBeNull();
  });

  it('should migrate an empty database once when several instances start together', async () => {
    const migrations = () => system.database.query('SELECT name FROM schema_migrations ORDER BY id');
    const all = await migrations();
    await system.database.query('DROP SCHEMA public CASCADE');
    await system.database.query('CREATE SCHEMA public');
    const services = await Promise.all([1, 2].map(() => system.startIngestion()));
    expect(services).toHaveLength(2);
    expect(await migrations()).toEqual(all);
  });

  it('should refuse an old schema when migrations are manual, and name the command', async () => {
    await system.database.query('DROP SCHEMA public CASCADE');
    await system.database.query('CREATE SCHEMA public');
    await expect(system.startIngestion({ env: { DATABASE_MIGRATIONS: 'manual' } })).rejects.toThrow('npm run migrate');
  });
});

function byKind(a: MadeUpEvent, b: MadeUpEvent): number {
  return a.kind < b.kind ? -1 : Number(a.kind > b.kind);
}

function groupByKind(events: MadeUpEvent[]): Map<string, MadeUpEvent[]> {
  const groups = new Map<string, MadeUpEvent[]>();
  for (const event of events) groups.set(event.kind, [...(groups.get(event.kind) ?? []), event]);
  return groups;
}
