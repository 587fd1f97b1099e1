import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findRabbitmq } from './rabbitmq-installation.js';

describe('findRabbitmq', () => {
  let root: string;

  beforeEach(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'serverstats-path-')));
  });
  afterEach(() => rm(root, { recursive: true }));

  const script = async (name: string, content: string) => {
    const path = join(root, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    await chmod(path, 0o755);
    return path;
  };
  const PROPER = '#!/bin/sh\n. "$SCRIPTS_DIR/rabbitmq-env"\n';

  it('returns undefined without RabbitMQ', async () => {
    expect(await findRabbitmq(root)).toBeUndefined();
  });

  it('finds the script on PATH', async () => {
    const server = await script('sbin/rabbitmq-server', PROPER);
    const epmd = await script('sbin/epmd', '');
    expect(await findRabbitmq(join(root, 'sbin'))).toEqual({ server, epmd });
  });

  it("finds the script behind Debian's wrapper, which would change the user and lose the environment", async () => {
    const server = await script('lib/rabbitmq-server', PROPER);
    await script('lib/rabbitmq-script-wrapper', '#!/bin/sh\nsu rabbitmq -s /bin/sh -c …\n');
    await script('sbin/epmd', '');
    await symlink('../lib/rabbitmq-script-wrapper', join(root, 'sbin/rabbitmq-server'));
    expect(await findRabbitmq(join(root, 'sbin'))).toMatchObject({ server });
  });

  it("finds Erlang's port mapper next to erl if it is not on PATH", async () => {
    await script('sbin/rabbitmq-server', PROPER);
    await script('erlang/erl', '');
    const epmd = await script('erlang/epmd', '');
    await symlink('../erlang/erl', join(root, 'sbin/erl'));
    expect(await findRabbitmq(join(root, 'sbin'))).toMatchObject({ epmd });
  });

  it('says what is missing if there is a broker without Erlang', async () => {
    await script('sbin/rabbitmq-server', PROPER);
    await expect(findRabbitmq(join(root, 'sbin'))).rejects.toThrow(/Erlang.*RABBITMQ_URL/);
  });
});
