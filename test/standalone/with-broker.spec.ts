import { dirname } from 'node:path';
import { connect } from 'amqplib';
import { testVariable } from '../harness/test-variable.js';
import { Installation } from './standalone-process.js';

describe('npm start with rabbitmq-server on PATH', () => {
  let installation: Installation;

  beforeEach(async () => {
    const path = `${process.env.PATH}:${dirname(testVariable('TEST_RABBITMQ_BIN'))}`;
    installation = await Installation.create(path);
  });
  afterEach(() => installation.dispose());

  const amqpAnswers = async (url: string) => {
    const connection = await connect(url);
    await connection.close();
    return true;
  };

  it('runs a broker of its own, stores through it, and ends everything within 15 s', async () => {
    const standalone = await installation.startAndWait();
    expect(await amqpAnswers(standalone.amqpUrl)).toBe(true);
    await standalone.recordCommand('ping');
    expect(await standalone.recordedCommands(1)).toEqual(['ping']);
    expect(await standalone.stop()).toBe(0);
    expect(await installation.servers()).toHaveLength(0);
  });

  it.each(['it alone, with its servers running on', 'everything'])(
    'recovers by itself after a kill -9 of %s',
    async (what) => {
      const first = await installation.startAndWait();
      await first.recordCommand('before');
      const servers = await installation.servers();
      first.child.kill('SIGKILL');
      if (what === 'everything') for (const { pid } of servers) process.kill(pid, 'SIGKILL');
      await first.kill();

      const second = await installation.startAndWait();
      expect(second.amqpUrl).toBe(first.amqpUrl);
      await second.recordCommand('after');
      expect(await second.recordedCommands(2)).toEqual(['after', 'before']);
      expect(await second.stop()).toBe(0);
      expect(await installation.servers()).toHaveLength(0);
    },
  );

  it('says so and ends when its broker ends by itself', async () => {
    const standalone = await installation.startAndWait();
    const broker = (await installation.servers()).find(({ commandLine }) => commandLine.includes('beam'));
    process.kill(broker!.pid, 'SIGKILL');
    expect(await standalone.ends()).toBe(1);
    expect(standalone.output).toMatch(/^RabbitMQ was ended by SIGKILL/m);
    expect(await installation.servers()).toHaveLength(0);
  });
});
