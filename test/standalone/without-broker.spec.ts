import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitFor } from '../harness/wait-for.js';
import { BareMachine, Installation } from './standalone-process.js';

const run = promisify(execFile);

describe('npm start on a machine with nothing but Node', () => {
  let machine: BareMachine;
  let installation: Installation;

  beforeEach(async () => {
    machine = await BareMachine.create();
    installation = await Installation.create(machine.path);
  });
  afterEach(async () => {
    await installation.dispose();
    await machine.dispose();
  });

  it('runs the whole system, keeps its key private, and stops cleanly', async () => {
    const standalone = await installation.startAndWait();
    expect(standalone.output).toContain('there is no RabbitMQ');
    const { stdout } = await run('sh', ['-c', standalone.curlLine]);
    expect(JSON.parse(stdout)).toMatchObject({ success: true, data: { enabled: false } });

    const keyFile = join(installation.dataDirectory, 'service-key');
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    expect(standalone.output).toContain(keyFile);
    expect(standalone.output).not.toMatch(/sk_/);

    const second = installation.start();
    expect(await second.ends()).toBe(1);
    expect(second.output.trim()).toMatch(/^Serverstats already runs in [^\n]*DATA_DIR[^\n]*$/);

    await standalone.recordCommand('ping');
    expect(await standalone.recordedCommands(1)).toEqual(['ping']);
    expect(await installation.servers()).not.toHaveLength(0);
    expect(await standalone.stop('SIGTERM')).toBe(0);
    expect(await installation.servers()).toHaveLength(0);
  });

  it('stops everything when npm receives SIGTERM', async () => {
    const withNpm = await Installation.create(process.env.PATH ?? '');
    try {
      // A configured broker, so that none is started.
      const npm = withNpm.start({ RABBITMQ_URL: 'amqp://127.0.0.1:1' }, ['npm', 'start']);
      await npm.hasWritten(/Starting Postgres/);
      await waitFor(async () => (await withNpm.servers()).length > 0, { what: 'Postgres to run' });
      npm.child.kill('SIGTERM');
      await npm.ends();
      const hasEnded = async () => (await withNpm.servers()).length === 0;
      expect(await waitFor(hasEnded, { what: 'Postgres to end' })).toBe(true);
    } finally {
      await withNpm.dispose();
    }
  });

  it('stops what it has started so far if it is interrupted during the start', async () => {
    const standalone = installation.start();
    await standalone.hasWritten(/Starting Postgres/);
    expect(await standalone.stop('SIGINT')).toBe(0);
    expect(await installation.servers()).toHaveLength(0);
  });

  // If the test runs as root, Postgres runs as another user, who cannot enter the folder.
  it('recovers with its data whatever was killed, also in a folder that is closed to other users', async () => {
    const closed = await Installation.create(machine.path, { closed: true });
    try {
      const unfinished = closed.start();
      await unfinished.hasWritten(/Starting Postgres/);
      await unfinished.kill();

      const first = await closed.startAndWait();
      expect((await closed.clusterOutside()) !== undefined).toBe(process.getuid?.() === 0);
      await first.recordCommand('first');
      expect(await first.recordedCommands(1)).toEqual(['first']);
      await first.kill();
      expect(await closed.servers()).not.toHaveLength(0);

      const second = await closed.startAndWait();
      await second.recordCommand('second');
      expect(await second.recordedCommands(2)).toEqual(['first', 'second']);
      const servers = await closed.servers();
      second.child.kill('SIGKILL');
      for (const { pid } of servers) process.kill(pid, 'SIGKILL');
      await second.kill();

      const third = await closed.startAndWait();
      expect(await third.recordedCommands(2)).toEqual(['first', 'second']);
      const postmaster = (await closed.servers()).find(({ commandLine }) => !commandLine.startsWith('postgres: '));
      process.kill(postmaster!.pid, 'SIGKILL');
      expect(await third.ends()).toBe(1);
      expect(third.output).toMatch(/^Postgres was ended by SIGKILL.*postgres\.log$/m);
      await waitFor(async () => (await closed.servers()).length === 0, { what: 'the workers of Postgres to end' });
    } finally {
      await closed.dispose();
    }
  }, 240_000);

  it('reports every invalid variable at once with exit code 78, and starts nothing', async () => {
    const standalone = installation.start({ QUERY_PORT: 'http', RETENTION_DAYS: '-1' });
    expect(await standalone.ends()).toBe(78);
    expect(standalone.output).toMatch(/QUERY_PORT/);
    expect(standalone.output).toMatch(/RETENTION_DAYS/);
    await expect(stat(installation.dataDirectory)).rejects.toThrow('ENOENT');
  });
});
