import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { declareTopology } from '#libs/broker';
import { DEAD_LETTERS, QUEUES, StatisticsContract, SWITCH_NAMES } from '#libs/contracts';
import { startAlarmBroker, type AlarmBroker } from '../harness/alarm-broker.js';
import type { Answer, ApiClient } from '../harness/api-client.js';
import { runCli } from '../harness/cli.js';
import { SnowflakeSource } from '../harness/made-up-events.js';
import type { Publisher } from '../harness/publisher.js';
import type { ServiceProcess } from '../harness/services.js';
import { TestSystem } from '../harness/system.js';
import { waitFor } from '../harness/wait-for.js';

const ids = new SnowflakeSource(Date.now());
const EVENTS = 300;
/** The documented limit for a stop, in milliseconds. */
const STOP_TIME_MS = 15_000;

describe('RabbitMQ', () => {
  let broker: AlarmBroker;
  let system: TestSystem;
  let publisher: Publisher | undefined;
  let guildId: string;
  const vhosts = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

  beforeAll(async () => {
    broker = await startAlarmBroker(vhosts);
  });
  afterAll(() => broker?.stop());
  beforeEach(async () => {
    system = await TestSystem.create(broker.vhost(vhosts.shift()!));
    guildId = ids.next(30 * 86_400_000);
    await system.openGuild(guildId, SWITCH_NAMES);
  });
  afterEach(async () => {
    await broker.clearAlarm();
    await publisher?.close();
    publisher = undefined;
    await system.close();
  });

  const rabbitmqCheck = async ({ url }: ServiceProcess) => {
    const response = await fetch(`${url}/readyz`);
    const { checks } = (await response.json()) as { checks: { rabbitmq: { status: string; message?: string } } };
    return { http: response.status, ...checks.rabbitmq };
  };
  const untilRabbitmqIs = (service: ServiceProcess, status: string) =>
    waitFor(
      async () => {
        const check = await rabbitmqCheck(service);
        return check.status === status && check;
      },
      { what: `rabbitmq to be ${status}` },
    );
  const depths = () => Promise.all(Object.values(QUEUES).map((queue) => publisher!.depth(queue)));
  const stop = async (service: ServiceProcess) => {
    const started = performance.now();
    expect(await service.stop()).toBe(0);
    expect(performance.now() - started).toBeLessThan(STOP_TIME_MS);
  };

  it('should delay only messages that need a dead letter during an alarm', async () => {
    // Publish before the alarm, because it blocks publishers.
    await declareTopology(await system.vhost.connect(), new StatisticsContract());
    publisher = await system.connectPublisher();
    const sends: Promise<void>[] = [];
    const good = () => ({ guild_id: guildId, event_id: randomUUID(), occurred_at: Date.now() });
    for (let n = 0; n < EVENTS; n++) {
      sends.push(publisher.publish('reminder.created', good()));
      sends.push(publisher.publish('guild.snapshot', { guild_id: guildId, member_count: n }));
      sends.push(publisher.publish('star.added', { guild_id: guildId, channel_id: '1', message_id: String(n + 1) }));
      if (n === EVENTS / 2) {
        for (const name of ['reminder.created', 'guild.snapshot', 'star.added'])
          sends.push(publisher.publish(name, {}));
        // The good event next to the bad one is stored only once.
        sends.push(publisher.publish('reminder.created', [{}, good()]));
      }
    }
    await Promise.all(sends);
    await broker.raiseAlarm();

    const first = await system.startIngestion();
    await waitFor(
      async () =>
        isDeepStrictEqual(await rabbitmqCheck(first), {
          http: 200,
          status: 'degraded',
          message: 'dead letters cannot be published to RabbitMQ: it has raised an alarm: low on memory',
        }),
      { what: 'readiness to name the alarm' },
    );
    await system.untilHandled(3 * EVENTS + 5);
    // Messages without an acknowledgement are back in their queues after the service ends.
    await stop(first);
    await waitFor(async () => String(await depths()) === '2,1,1', { what: 'only the bad messages in the queues' });

    const second = await system.startIngestion();
    await untilRabbitmqIs(second, 'degraded');
    expect(await publisher.depth('serverstats.dead-letters')).toBe(0);
    await broker.clearAlarm();
    await untilRabbitmqIs(second, 'ok');
    expect(await publisher.waitForDeadLetters(4)).toHaveLength(4);
    await stop(second);
    expect(await depths()).toEqual([0, 0, 0]);
    expect(await publisher.depth('serverstats.dead-letters')).toBe(0);
    expect(await system.count('statistic_events WHERE guild_id = $1', [guildId])).toBe(EVENTS + 1);
  });

  it('should notify an ingestion service of an alarm and of its end', async () => {
    const service = await system.startIngestion();
    await untilRabbitmqIs(service, 'ok');
    await broker.raiseAlarm();
    expect((await untilRabbitmqIs(service, 'degraded')).message).toContain('low on memory');
    await broker.clearAlarm();
    await untilRabbitmqIs(service, 'ok');
    publisher = await system.connectPublisher();
    await publisher.publish('reminder.created', {});
    expect(await publisher.waitForDeadLetters(1)).toHaveLength(1);
  });

  describe('with a user with few permissions', () => {
    const asUser = (path: string, password = 'secret') => {
      const url = new URL(system.vhost.url);
      Object.assign(url, { username: 'limited', password, pathname: `/${path}` });
      return url.href;
    };
    const untilReported = (service: ServiceProcess, words: string) =>
      waitFor(async () => (await rabbitmqCheck(service)).message?.includes(words), {
        what: `readiness to say ${words}`,
      });

    beforeAll(() => broker.control('add_user', 'limited', 'secret'));

    it.each([
      ['the virtual host is missing', 'nowhere', 'secret', 'refuses the virtual host "nowhere"'],
      ['the password is wrong', '', 'wrong', 'ACCESS_REFUSED - Login was refused'],
    ])('should be quoted in readiness if %s', async (_, vhost, password, words) => {
      const brokerUrl = asUser(vhost, password);
      const { service } = await system.startQuery({ brokerUrl });
      const ingestion = await system.startIngestion({ brokerUrl, listening: true });
      expect(await untilReported(service, words)).toBe(true);
      expect(await untilReported(ingestion, words)).toBe(true);
    });

    it('should work without configure permission if the topology is declared, and be quoted in readiness before', async () => {
      const { name } = system.vhost;
      await broker.control('set_permissions', '-p', name, 'limited', '^$', '^serverstats[.]', '^serverstats[.]');
      const brokerUrl = asUser(name);
      const { service, api } = await system.startQuery({ brokerUrl });
      await untilReported(service, 'ACCESS_REFUSED - access to exchange');
      await declareTopology(await system.vhost.connect(), new StatisticsContract());
      await untilRabbitmqIs(service, 'ok');
      await system.startIngestion({ brokerUrl });
      const event = { guild_id: guildId, command: 'x' };
      expect((await api.send('POST', 'stats/command/check', event)).status).toBe(202);
      publisher = await system.connectPublisher();
      await publisher.publish('reminder.created', {});
      await system.untilHandled(2);
      expect(await publisher.waitForDeadLetters(1)).toHaveLength(1);
    });
  });

  it('should make dead-letters replay stop during an alarm, and publish nothing after it', async () => {
    const { url } = system.vhost;
    const run = (...args: string[]) => runCli(['dead-letters', ...args], { RABBITMQ_URL: url });
    await declareTopology(await system.vhost.connect(), new StatisticsContract());
    const channel = await system.vhost.openConfirmChannel();
    channel.sendToQueue(DEAD_LETTERS, Buffer.from('{}'), {
      messageId: 'waits',
      headers: { 'x-original-routing-key': 'command.used' },
    });
    await channel.waitForConfirms();
    await broker.raiseAlarm();
    const { code, stdout, stderr } = await run('replay', '--yes');
    expect([code, stdout]).toEqual([1, 'replayed 0, left 1\n']);
    expect(stderr).toMatch(/^RabbitMQ takes no messages, it has raised an alarm: .*memory.*\n$/);
    expect((await run('list', '--json')).stdout).toContain('"waits"');
    await broker.clearAlarm();
    expect((await run('replay', '--yes')).stdout).toBe('replayed 1, left 0\n');
    expect((await channel.checkQueue(QUEUES.statistics)).messageCount).toBe(1);
  });

  describe('with an alarm, for the query service', () => {
    let api: ApiClient;
    let query: ServiceProcess;
    const post = () => api.send('POST', 'stats/command/check', { guild_id: guildId, command: 'x' });

    beforeEach(async () => {
      ({ api, service: query } = await system.startQuery());
      await untilRabbitmqIs(query, 'ok');
    });

    it('should make POST answer 503 at once, and never get the refused events', async () => {
      expect((await post()).status).toBe(202);
      await broker.raiseAlarm();
      const degraded = await untilRabbitmqIs(query, 'degraded');
      expect(degraded).toEqual({
        http: 200,
        status: 'degraded',
        message: 'RabbitMQ cannot take the event: it has raised an alarm: low on memory',
      });

      const started = performance.now();
      const refused = await Promise.all(Array.from({ length: 50 }, post));
      expect(performance.now() - started).toBeLessThan(2_000);
      for (const answer of refused as (Answer & { error: { event: object } })[]) {
        expect(answer).toMatchObject({ status: 503, error: { name: 'ServiceUnavailableError' } });
        expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
        expect(answer.error.event).toEqual({ event_id: expect.any(String), occurred_at: expect.any(String) });
      }

      await broker.clearAlarm();
      await untilRabbitmqIs(query, 'ok');
      expect((await post()).status).toBe(202);
      publisher = await system.connectPublisher();
      expect(await publisher.depth('serverstats.statistics')).toBe(2);
    });

    it('should not prevent it from exiting with 0', async () => {
      expect((await post()).status).toBe(202);
      await broker.raiseAlarm();
      await untilRabbitmqIs(query, 'degraded');
      expect((await post()).status).toBe(503);
      await stop(query);
      const connections = `SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'serverstats-query'`;
      expect(await system.database.query(connections)).toEqual([]);
    });
  });
});
