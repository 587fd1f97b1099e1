import { AmqpHandover, type OutgoingEvent } from '#libs/broker';
import { StatisticsContract } from '#libs/contracts';
import type { ApiClient, Answer } from '../harness/api-client.js';
import type { ServiceProcess } from '../harness/services.js';
import { SnowflakeSource } from '../harness/made-up-events.js';
import { claimVhost } from '../harness/test-broker.js';
import { TestSystem } from '../harness/system.js';
import { createTcpProxy, type TcpProxy } from '../harness/tcp-proxy.js';
import { waitFor } from '../harness/wait-for.js';

const ids = new SnowflakeSource(Date.now());
type Refused = Answer & { error: { event?: { event_id: string; occurred_at: string } } };

describe('POST while the broker is away', () => {
  let system: TestSystem;
  let proxy: TcpProxy;
  let api: ApiClient;
  let query: ServiceProcess;
  const guild_id = ids.next(30 * 86_400_000);

  beforeAll(async () => {
    system = await TestSystem.create();
    const url = new URL(system.vhost.url);
    proxy = await createTcpProxy(url.hostname, Number(url.port));
    url.port = String(proxy.port);
    // In seconds. A connection counts as lost after two intervals without a heartbeat.
    url.searchParams.set('heartbeat', '2');
    ({ api, service: query } = await system.startQuery({ brokerUrl: url.href }));
    await api.openGuild(guild_id);
  });
  afterAll(async () => {
    await system.close();
    await proxy.close();
  });

  const post = (event: object = {}) =>
    api.send('POST', 'stats/command/check', { guild_id, command: 'x', ...event }) as Promise<Refused>;
  const connected = () =>
    waitFor(async () => (await post()).status === 202, { what: 'the broker to be back', timeoutMs: 20_000 });
  it.each([
    ['is cut off', async () => (await proxy.refuse(), proxy.cutAll())],
    ['hangs', async () => proxy.hang()],
  ])('should answer 503 within 5 s if the broker %s, name the event, and recover by itself', async (_, breakIt) => {
    await connected();
    await breakIt();
    const started = performance.now();
    const refused = await post();
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(refused).toMatchObject({ status: 503, error: { code: 503, name: 'ServiceUnavailableError' } });
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    const { event } = refused.error;
    expect(event).toEqual({ event_id: expect.stringMatching(/^[0-9a-f-]{36}$/), occurred_at: expect.any(String) });
    // Reads work, so the service is ready, but degraded. Missing heartbeats reveal a hanging connection.
    await waitFor(
      async () => {
        const readiness = await fetch(`${query.url}/readyz`);
        const { checks } = (await readiness.json()) as { checks: { rabbitmq: { status: string } } };
        return readiness.status === 200 && checks.rabbitmq.status === 'degraded';
      },
      { what: 'readiness to report the broker as degraded', timeoutMs: 30_000 },
    );

    proxy.cutAll();
    await proxy.accept();
    await connected();
    await post(event);
    const ingestion = await system.startIngestion();
    const count = () =>
      system.count('statistic_events WHERE guild_id = $1 AND event_id = $2', [guild_id, event!.event_id]);
    await waitFor(async () => (await count()) === 1, { what: 'the repeated event, stored once' });
    await ingestion.stop();
  });
});

describe('a handover over a hanging connection', () => {
  it('should reject events beyond its limit at once, and not send them later', async () => {
    const vhost = await claimVhost();
    const url = new URL(vhost.url);
    const proxy = await createTcpProxy(url.hostname, Number(url.port));
    url.port = String(proxy.port);
    const handover = new AmqpHandover({
      urls: [url.href],
      contract: new StatisticsContract(),
      onError: () => undefined,
      onAlarm: () => undefined,
    });
    const event = (n: number): OutgoingEvent => {
      const eventId = `${n}`;
      return { name: 'star.added', eventId, occurredAt: Date.now(), body: { pad: 'x'.repeat(20_000) } };
    };
    try {
      handover.start();
      await waitFor(async () => (await handover.probe(), true), { what: 'the connection' });
      proxy.hang();
      const reasons: string[] = [];
      await Promise.all(
        Array.from({ length: 2_000 }, (_, n) =>
          handover.handOver(event(n)).catch(({ message }: Error) => reasons.push(message)),
        ),
      );
      // 16 MiB hold 838 events. The others were rejected before the deadline of these.
      const refusedFirst = new Set(reasons.slice(0, 1_100));
      expect([...refusedFirst]).toEqual(['RabbitMQ cannot take the event: too many unconfirmed messages']);

      await proxy.accept();
      await waitFor(async () => (await handover.handOver(event(2_000)), true), { what: 'a new connection' });
      const channel = await vhost.openConfirmChannel();
      expect((await channel.checkQueue('serverstats.starboard')).messageCount).toBeLessThan(838);
    } finally {
      await handover.close();
      await proxy.close();
      await vhost.release();
    }
  });
});
