import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { SnowflakeSource } from '../harness/made-up-events.js';
import type { Publisher } from '../harness/publisher.js';
import { TestSystem } from '../harness/system.js';
import { createTcpProxy, type TcpProxy } from '../harness/tcp-proxy.js';
import { waitFor } from '../harness/wait-for.js';

const NODE_DRIVER = 'test/integration/publish-with-example.mjs';
const PYTHON_DRIVER = 'test/integration/publish-with-example.py';
/** The runner of the tests says which Python has pika, if it could be had. */
const PYTHON = process.env.TEST_PYTHON_BIN;

const EXAMPLES: [name: string, command: string[]][] = [
  ['discord.js', [process.execPath, NODE_DRIVER, 'examples/discord.js/publisher.js']],
  ['nestjs', [process.execPath, NODE_DRIVER, 'examples/nestjs/publisher.js']],
  ...(PYTHON === undefined ? [] : [['python', [PYTHON, PYTHON_DRIVER, 'examples/python']] as [string, string[]]]),
];

describe('the publishers of the examples', () => {
  let system: TestSystem;
  let publisher: Publisher;
  const ids = new SnowflakeSource();
  const programs: ChildProcessWithoutNullStreams[] = [];
  const proxies: TcpProxy[] = [];

  beforeAll(async () => {
    system = await TestSystem.create();
    await system.startIngestion();
    publisher = await system.connectPublisher();
  });
  afterAll(async () => {
    for (const program of programs) program.kill('SIGKILL');
    for (const proxy of proxies) await proxy.close();
    await publisher?.close();
    await system?.close();
  });

  it.each(EXAMPLES)('%s: loses nothing and stores nothing twice when the broker is cut off', async (_, command) => {
    const guildId = ids.next(86_400_000);
    await system.openGuild(guildId, ['stats_command_usage']);
    const { proxy, url } = await proxyToBroker();
    const { program, output } = start([...command, guildId], url);
    const publish = async (count: number, total: number) => {
      program.stdin.write(`${count}\n`);
      await waitFor(() => output().includes(`published ${total}\n`), { what: `${total} published: ${output()}` });
    };
    const stored = () => system.count('statistic_events WHERE guild_id = $1', [guildId]);

    await publish(500, 500);
    await waitFor(async () => (await stored()) > 0, { what: 'the first events' });
    await proxy.refuse();
    proxy.cutAll();
    await publish(100, 600);
    await proxy.accept();
    program.stdin.end();
    const [code] = (await once(program, 'exit')) as [number | null];
    expect([code, output()]).toEqual([0, expect.stringContaining('published 600')]);

    await waitFor(async () => (await stored()) >= 600, { what: 'all events' });
    expect(await stored()).toBe(600);
    expect(await system.count(`(SELECT DISTINCT label FROM statistic_events WHERE guild_id = $1) l`, [guildId])).toBe(
      600,
    );
  });

  it('make no dead letters', async () => {
    expect(await publisher.takeDeadLetters()).toEqual([]);
  });

  async function proxyToBroker(): Promise<{ proxy: TcpProxy; url: string }> {
    const url = new URL(system.vhost.url);
    const proxy = await createTcpProxy(url.hostname, Number(url.port));
    proxies.push(proxy);
    url.port = String(proxy.port);
    return { proxy, url: url.href };
  }

  function start([program, ...args]: string[], brokerUrl: string) {
    const child = spawn(program!, args, { env: { ...process.env, RABBITMQ_URL: brokerUrl } });
    programs.push(child);
    let written = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (written += chunk.toString()));
    return { program: child, output: () => written };
  }
});
