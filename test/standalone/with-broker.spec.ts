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

  it('runs its own broker, and recovers at the next start after either of them was killed', async () => {
    const first = await installation.startAndWait();
    expect(await amqpAnswers(first.amqpUrl)).toBe(true);
    await first.recordCommand('first');
    await first.kill();

    const second = await installation.startAndWait();
    expect(second.amqpUrl).toBe(first.amqpUrl);
    await second.recordCommand('second');
    expect(await second.recordedCommands(2)).toEqual(['first', 'second']);
    const broker = (await installation.servers()).find(({ commandLine }) => commandLine.includes('beam'));
    process.kill(broker!.pid, 'SIGKILL');
    expect(await second.ends()).toBe(1);
    expect(second.output).toMatch(/^RabbitMQ was ended by SIGKILL/m);
    expect(await installation.servers()).toHaveLength(0);

    const third = await installation.startAndWait();
    expect(third.amqpUrl).toBe(first.amqpUrl);
    await third.recordCommand('third');
    expect(await third.recordedCommands(3)).toEqual(['first', 'second', 'third']);
    expect(await third.stop()).toBe(0);
    expect(await installation.servers()).toHaveLength(0);
  }, 240_000);
});
