import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { ConfirmPublisher } from '#libs/broker';
import { StatisticsContract } from '#libs/contracts';
import { claimVhost, type TestVhost } from '../harness/test-broker.js';
import { waitFor } from '../harness/wait-for.js';

describe('ConfirmPublisher', () => {
  let vhost: TestVhost;
  let proxy: Server;
  let publisher: ConfirmPublisher;
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    vhost = await claimVhost();
  });
  afterEach(async () => {
    await publisher.close();
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  afterAll(() => vhost.release());

  /** Starts a publisher behind a proxy. @param onData gets the data of the publisher, and returns true to discard it */
  const start = async (onData: (data: Buffer) => boolean) => {
    const broker = new URL(vhost.url);
    const brokerPort = Number(broker.port || 5672);
    proxy = createServer((from) => {
      const to = connect(brokerPort, broker.hostname);
      for (const socket of [from, to]) {
        sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => [from, to].forEach((other) => other.destroy()));
      }
      to.pipe(from);
      from.on('data', (data) => {
        if (!onData(data)) to.write(data);
      });
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    broker.port = String((proxy.address() as AddressInfo).port);
    const failures: string[] = [];
    publisher = new ConfirmPublisher({
      urls: [broker.href],
      name: 'confirm-publisher-test',
      contract: new StatisticsContract(),
      onError: (error) => failures.push(error.message),
      onAlarm: () => undefined,
    });
    publisher.start();
    return failures;
  };

  it('should report that it has no connection if the connection is lost while it checks for an alarm', async () => {
    let isCut = false;
    const failures = await start((data) => {
      if (!data.includes('serverstats.nobody')) return false;
      isCut = true;
      proxy.close();
      for (const socket of sockets) socket.destroy();
      return true;
    });
    await waitFor(() => isCut && failures.some((message) => message.includes('ECONNREFUSED')), {
      what: 'a refused reconnection',
    });
    expect(publisher.obstacle).toContain('ECONNREFUSED');
  });
});
