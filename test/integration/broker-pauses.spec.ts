import type { ChannelModel } from 'amqplib';
import pino from 'pino';
import { BrokerConnection } from '#libs/broker';
import { QUEUES, StatisticsContract } from '#libs/contracts';
import type { Intake } from '../../apps/ingestion/src/intake/intake.service.js';
import { BatchConsumerServer } from '../../apps/ingestion/src/transports/amqp/batch-consumer.server.js';
import { MemoryBudget } from '../../apps/ingestion/src/intake/memory-budget.js';
import { ManualClock } from '../doubles/manual-clock.js';
import { createTcpProxy, type TcpProxy } from '../harness/tcp-proxy.js';
import { claimVhost, type TestVhost } from '../harness/test-broker.js';
import { waitFor } from '../harness/wait-for.js';

/** How long the log of an outage waits before it looks again. */
const OUTAGE_LOG_MS = 5_000;

/** Waits for a pause of a back-off. The log of an outage may use the clock too. @returns its length in milliseconds */
function takePause(clock: ManualClock): Promise<number> {
  return waitFor(() => clock.sleeping.find((ms) => ms !== OUTAGE_LOG_MS), { what: 'a pause' });
}

describe('a connection to the broker that ends soon after it is opened', () => {
  let vhost: TestVhost;
  let proxy: TcpProxy;
  let clock: ManualClock;
  let connection: BrokerConnection;

  beforeEach(async () => {
    vhost = await claimVhost();
    const url = new URL(vhost.url);
    proxy = await createTcpProxy(url.hostname, Number(url.port));
    url.port = String(proxy.port);
    clock = new ManualClock();
    connection = new BrokerConnection({
      urls: [url.toString()],
      name: 'test',
      onConnect: async () => undefined,
      onError: () => undefined,
      clock,
    });
    connection.start();
  });
  afterEach(async () => {
    await connection.close();
    await proxy.close();
    await vhost.release();
  });

  const cut = async () => {
    await waitFor(() => connection.isConnected, { what: 'the connection' });
    proxy.cutAll();
    const ms = await takePause(clock);
    clock.advance(ms);
    return ms;
  };

  it('should be reopened after growing pauses, and soon again after it has lasted', async () => {
    const pauses: number[] = [];
    for (let count = 0; count < 8; count++) pauses.push(await cut());
    expect(pauses[0]).toBeLessThanOrEqual(100);
    expect(pauses[3]).toBeGreaterThanOrEqual(400);
    expect(pauses[7]).toBeGreaterThanOrEqual(2_500);
    expect(pauses[7]).toBeLessThanOrEqual(5_000);
    await waitFor(() => connection.isConnected, { what: 'the connection' });
    clock.advance(5_000);
    expect(await cut()).toBeLessThanOrEqual(100);
  });
});

describe('a consumer whose queue is lost again and again', () => {
  let vhost: TestVhost;
  let other: ChannelModel;
  let clock: ManualClock;
  let server: BatchConsumerServer;

  beforeEach(async () => {
    vhost = await claimVhost();
    other = await vhost.connect();
    clock = new ManualClock();
    server = new BatchConsumerServer({
      urls: [vhost.url],
      contract: new StatisticsContract(),
      intake: { memory: new MemoryBudget(), pipelineTo: () => ({ queues: [QUEUES.guilds] }) } as unknown as Intake,
      prefetch: 10,
      batch: { size: 10, maxAgeMs: 10 },
      batchesAtOnce: {},
      // Without a log of outages, which would also sleep on this clock.
      database: { noteFailure: () => true },
      logger: pino({ level: 'silent' }),
      clock,
    });
    server.listen(() => undefined);
  });
  afterEach(async () => {
    await server.close();
    await vhost.release();
  });

  /** Uses a new channel, because a missing queue closes it. */
  const hasConsumer = async () => {
    const channel = await other.createChannel();
    channel.on('error', () => undefined);
    const { consumerCount } = await channel.checkQueue(QUEUES.guilds);
    await channel.close();
    return consumerCount > 0;
  };
  /**
   * Hardly any time passes while the server consumes, because the pauses would become short again. A consumer may not be
   * notified if its quorum queue is deleted while it subscribes: then the server needs some time to notice.
   */
  const untilConsuming = () => {
    let looks = 0;
    return waitFor(
      async () => {
        const isConsuming = await server.probeConsumers().then(
          () => true,
          () => false,
        );
        if (!isConsuming || ++looks % 20 === 0) clock.advance(Math.max(0, ...clock.sleeping));
        return isConsuming && hasConsumer();
      },
      { what: 'the consumer', timeoutMs: 30_000 },
    );
  };
  const loseQueue = async () => {
    await untilConsuming();
    const channel = await other.createChannel();
    await channel.deleteQueue(QUEUES.guilds);
    await channel.close();
    const ms = await takePause(clock);
    clock.advance(ms);
    return ms;
  };

  it('should consume again after growing pauses, and soon again after it has consumed for long', async () => {
    const pauses: number[] = [];
    for (let count = 0; count < 7; count++) pauses.push(await loseQueue());
    expect(pauses[0]).toBeLessThanOrEqual(1_000);
    expect(pauses[3]).toBeGreaterThanOrEqual(4_000);
    expect(pauses[6]).toBeGreaterThanOrEqual(15_000);
    expect(pauses[6]).toBeLessThanOrEqual(30_000);
    await untilConsuming();
    clock.advance(30_000);
    expect(await loseQueue()).toBeLessThanOrEqual(1_000);
  });
});
