import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { ConfirmChannel, GetMessage, Options } from 'amqplib';
import { declareTopology, openConnection } from '#libs/broker';
import { DEAD_LETTERS, EVENTS_EXCHANGE, QUEUES, StatisticsContract, SWITCH_NAMES } from '#libs/contracts';
import { DeadLetterWalk } from '../../apps/cli/src/dead-letters/dead-letter-walk.js';
import { runCli, startCli } from '../harness/cli.js';
import { IS_LONG } from '../harness/long-forms.js';
import { SnowflakeSource } from '../harness/made-up-events.js';
import { createTcpProxy } from '../harness/tcp-proxy.js';
import { claimVhost, type TestVhost } from '../harness/test-broker.js';
import { TestSystem } from '../harness/system.js';
import { waitFor } from '../harness/wait-for.js';

const GUILD = '9007199254740993';
const OTHER_GUILD = '9007199254740995';
const MINUTE_MS = 60_000;

interface Letter {
  id?: string;
  kind?: string;
  body?: Buffer | string;
  error?: string;
  agoMs?: number;
  properties?: Options.Publish;
}

/** As ingestion writes it. */
function deadLetter({ id, kind = 'command.used', error = 'InvalidEventError', agoMs = 0, properties }: Letter) {
  return {
    persistent: true,
    messageId: id,
    timestamp: 1_764_000_000,
    ...properties,
    headers: {
      'x-error-name': error,
      'x-error-message': 'command is required',
      'x-error-fields': '[{"field":"command","message":"is required"}]',
      'x-original-routing-key': kind,
      'x-died-at': new Date(Date.now() - agoMs).toISOString(),
      ...(properties?.headers as object),
    },
  };
}

const runOn = (url: string, args: readonly string[]) => runCli(['dead-letters', ...args], { RABBITMQ_URL: url });
const startOn = (url: string, args: readonly string[]) => startCli(['dead-letters', ...args], { RABBITMQ_URL: url });

describe('npm run cli -- dead-letters', () => {
  let vhost: TestVhost;
  let channel: ConfirmChannel;

  beforeAll(async () => {
    vhost = await claimVhost();
    await declareTopology(await vhost.connect(), new StatisticsContract());
    channel = await vhost.openConfirmChannel();
  });
  afterAll(() => vhost?.release());
  beforeEach(async () => {
    for (const queue of [DEAD_LETTERS, ...Object.values(QUEUES)]) await channel.purgeQueue(queue);
  });

  const cli = (...args: string[]) => runOn(vhost.url, args);
  const put = async (...letters: Letter[]) => {
    for (const letter of letters) {
      const body = letter.body ?? JSON.stringify({ guild_id: GUILD });
      channel.publish(DEAD_LETTERS, letter.kind ?? 'command.used', Buffer.from(body), deadLetter(letter));
    }
    await channel.waitForConfirms();
  };
  const numbered = (count: number, letter: Letter = {}) =>
    put(...Array.from({ length: count }, (_, index) => ({ ...letter, id: `m${index}` })));
  const takeAll = async (queue: string) => {
    const messages: GetMessage[] = [];
    for (;;) {
      const message = await channel.get(queue, { noAck: true });
      if (message === false) return messages;
      messages.push(message);
    }
  };
  const idsIn = async (queue: string) => (await takeAll(queue)).map(({ properties }) => properties.messageId as string);
  const listed = async (...args: string[]) => {
    const { code, stdout } = await cli('list', '--json', ...args);
    expect(code).toBe(0);
    const lines = stdout.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const SOME: Letter[] = [
    { id: 'a', agoMs: 90 * MINUTE_MS },
    { id: 'b', kind: 'message.sent', agoMs: 30 * MINUTE_MS },
    { id: 'c', error: 'FutureEventError', body: `{"guild_id": ${OTHER_GUILD}}` },
    { id: 'd', kind: 'star.added', agoMs: 10_000 },
  ];

  describe('list', () => {
    it('prints what is known of each as JSON, the oldest first, and changes nothing', async () => {
      const body = JSON.stringify({ guild_id: GUILD, wrong: 'ä' });
      await put({ id: 'first', body }, { id: 'second', properties: { headers: { 'x-replay-count': 2 } } });
      const [first, second] = await listed();
      expect(first).toEqual({
        message_id: 'first',
        kind: 'command.used',
        guild_id: GUILD,
        error_name: 'InvalidEventError',
        error_message: 'command is required',
        error_fields: [{ field: 'command', message: 'is required' }],
        died_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
        attempts: 1,
        bytes: Buffer.byteLength(body),
      });
      expect(second).toMatchObject({ message_id: 'second', attempts: 3 });
      const [letter] = await takeAll(DEAD_LETTERS);
      expect(letter!.content.toString()).toBe(body);
      expect(letter!.properties).toMatchObject({ messageId: 'first', timestamp: 1_764_000_000 });
    });

    it('says null where something is not known, as of what RabbitMQ itself has moved here', async () => {
      channel.publish(EVENTS_EXCHANGE, 'no.such.event', Buffer.from('no JSON'));
      await channel.waitForConfirms();
      expect(await listed()).toEqual([
        {
          message_id: null,
          kind: 'no.such.event',
          guild_id: null,
          error_name: null,
          error_message: 'no queue takes the routing key "no.such.event"',
          error_fields: null,
          died_at: null,
          attempts: 1,
          bytes: 7,
        },
      ]);
    });

    it.each<[what: string, kind: string, body: string | Buffer, properties: Options.Publish, facts: object]>([
      [
        'a packed body',
        'command.used',
        gzipSync(`{"guild_id": ${GUILD}}`),
        { contentEncoding: 'gzip' },
        { guild_id: GUILD },
      ],
      [
        'a broken packed body',
        'command.used',
        'x',
        { contentEncoding: 'gzip' },
        { kind: 'command.used', guild_id: null },
      ],
      [
        'an array of one guild',
        'command.used',
        `[{"guild_id":${GUILD}},{"guild_id":"${GUILD}"}]`,
        {},
        { guild_id: GUILD },
      ],
      ['an array of two guilds', 'command.used', `[{"guild_id":1},{"guild_id":2}]`, {}, { guild_id: null }],
      [
        "NestJS's packet",
        QUEUES.statistics,
        `{"pattern":"tag.send_timed","data":{"guild_id":${GUILD}}}`,
        {},
        { kind: 'tag.send_timed', guild_id: GUILD },
      ],
    ])('reads kind and guild of %s', async (_, kind, body, properties, facts) => {
      await put({ id: 'x', kind, body, properties });
      expect(await listed()).toEqual([expect.objectContaining(facts)]);
    });

    it('prints a table for people, which no text can steer', async () => {
      expect((await cli('list')).stdout).toBe('There are no dead letters.\n');
      await put(...SOME, { id: 'e\u001b[2J\n' });
      const { code, stdout } = await cli('list');
      expect(code).toBe(0);
      expect(stdout).toMatch(/^died at +error +kind +guild +attempts +bytes +message id +error message\n/);
      expect(stdout).toMatch(/FutureEventError +command.used +9007199254740995 +1 +30 +c +command is required\n/);
      expect(stdout).toContain('e\\u{1b}[2J\\u{a}');
      expect(stdout.split('\n')).toHaveLength(7);
      expect((await cli('list', '--kind', 'tag.used')).stdout).toBe('None of 5 dead letters matches.\n');
    });

    it.each([
      ['--error FutureEventError', 'c'],
      ['--kind message.sent', 'b'],
      [`--guild ${GUILD}`, 'a b d'],
      ['--older-than 20m', 'a b'],
      ['--older-than 1h', 'a'],
      ['--newer-than 1h', 'b c d'],
      ['--newer-than 1d --older-than 5s', 'a b d'],
      ['--limit 2', 'a b'],
      [`--guild ${GUILD} --newer-than 1h --limit 1`, 'b'],
      ['--error InvalidEventError --kind tag.used', ''],
    ])('takes the filter %s', async (filter, ids) => {
      await put(...SOME);
      const found = await listed(...filter.split(' '));
      expect(found.map((letter) => letter.message_id).join(' ')).toBe(ids);
      expect((await idsIn(DEAD_LETTERS)).join(' ')).toBe('a b c d');
    });

    it('loses nothing and keeps the order, however often it is run', async () => {
      await numbered(150);
      const connection = await vhost.connect();
      for (let time = 0; time < 15; time++) {
        const walk = await DeadLetterWalk.open(connection, { windowSize: 100 });
        const ids: unknown[] = [];
        await walk.run((letter) => void ids.push(letter.properties.messageId));
        expect(ids).toEqual(Array.from({ length: 150 }, (_, index) => `m${index}`));
      }
      expect(await listed()).toHaveLength(150);
    });

    it('leaves a queue alone whose delivery limit would lose what is looked at', async () => {
      const small = await claimVhost();
      const own = await small.openConfirmChannel();
      const limits = { 'x-queue-type': 'quorum', 'x-delivery-limit': 20 };
      await own.assertQueue(DEAD_LETTERS, { arguments: limits });
      own.sendToQueue(DEAD_LETTERS, Buffer.from('x'));
      await own.waitForConfirms();
      const { code, stderr } = await runOn(small.url, ['list']);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^serverstats.dead-letters was left alone: .*x-delivery-limit.*\n$/);
      const message = (await own.get(DEAD_LETTERS)) as GetMessage;
      // RabbitMQ 4 leaves the header out of a first delivery.
      expect({ 'x-delivery-count': 0, ...message.properties.headers }).toEqual({ 'x-delivery-count': 0 });
      await small.release();
    });
  });

  describe('show', () => {
    it('prints the headers, and the body byte for byte', async () => {
      const body = Buffer.from([0, 255, 10, 27, 65]);
      await put(...SOME, { id: 'raw', body, properties: { headers: { 'x-error-message': 'a\nb' } } });
      const { code, bytes } = await cli('show', 'raw');
      expect(code).toBe(0);
      const head = bytes.subarray(0, bytes.indexOf('\n\n') + 2);
      expect(head.toString()).toContain('messageId: raw\n');
      expect(head.toString()).toContain('x-error-message: a\\u{a}b\n');
      expect(head.toString()).toContain('x-original-routing-key: command.used\n');
      expect(bytes.subarray(head.length)).toEqual(body);
      expect(await listed()).toHaveLength(5);
    });

    it('says when a message id is missing or there twice', async () => {
      await put({ id: 'twice', body: 'one' }, { id: 'twice', body: 'two' });
      expect(await cli('show', 'none')).toMatchObject({
        code: 1,
        stdout: '',
        stderr: 'No dead letter has the message id none.\n',
      });
      const { code, stdout, stderr } = await cli('show', 'twice');
      expect([code, stderr]).toEqual([0, '2 dead letters have the message id twice.\n']);
      expect(stdout).toMatch(/\n\none\n[^]*\n\ntwo$/);
    });
  });

  describe('replay', () => {
    it('publishes again with the original routing key, properties and bytes, and takes out what is confirmed', async () => {
      const body = gzipSync('{"guild_id": 9007199254740993}');
      const properties = {
        contentType: 'application/json',
        contentEncoding: 'gzip',
        correlationId: 'correlation',
        appId: 'bot',
        type: 'event',
        priority: 3,
        headers: { traceparent: '00-1', nested: { list: [1, 'a', true] }, 'x-replay-count': 4 },
      };
      await put({ id: 'a', kind: 'tag.send_timed', body, properties }, { id: 'b', error: 'FutureEventError' });
      const { code, stdout } = await cli('replay', '--error', 'InvalidEventError', '--yes');
      expect([code, stdout]).toEqual([0, 'replayed 1, left 1\n']);
      const [message, ...others] = await takeAll(QUEUES.statistics);
      expect(others).toEqual([]);
      expect(message!.content).toEqual(body);
      expect(message!.fields).toMatchObject({ exchange: EVENTS_EXCHANGE, routingKey: 'tag.send_timed' });
      expect(message!.properties).toMatchObject({
        ...properties,
        messageId: 'a',
        timestamp: 1_764_000_000,
        deliveryMode: 2,
        headers: { traceparent: '00-1', nested: { list: [1, 'a', true] }, 'x-replay-count': 5 },
      });
      const names = Object.keys(message!.properties.headers!).filter((name) => name !== 'x-delivery-count');
      expect(names.sort()).toEqual(['nested', 'traceparent', 'x-replay-count']);
      expect(await idsIn(DEAD_LETTERS)).toEqual(['b']);
    });

    it('sends what came by the name of a queue to the kind that its body names', async () => {
      const body = `{"pattern":"star.added","data":{"guild_id":${GUILD}}}`;
      await put({ id: 'nest', kind: QUEUES.starboard, body });
      expect((await cli('replay', '--yes')).stdout).toBe('replayed 1, left 0\n');
      const [message] = await takeAll(QUEUES.starboard);
      expect(message!.content.toString()).toBe(body);
    });

    it('gives an event without id and time both, in the dead letters, before it publishes it', async () => {
      const none = { messageId: undefined, timestamp: undefined };
      await put(...Array.from({ length: 70 }, () => ({ properties: none })), { id: 'named' });
      const { code, stdout } = await cli('replay', '--yes');
      expect([code, stdout]).toEqual([0, 'replayed 71, left 0\n']);
      const messages = await takeAll(QUEUES.statistics);
      expect(new Set(messages.map(({ properties }) => properties.messageId as string)).size).toBe(71);
      expect(messages.every(({ properties }) => Number(properties.timestamp) > 0)).toBe(true);
      expect(await takeAll(DEAD_LETTERS)).toEqual([]);
    });

    it('gives no id when it ends before the transaction: the dead letter is there as it was', async () => {
      await put({ properties: { timestamp: undefined }, body: 'x' });
      const url = new URL(vhost.url);
      const proxy = await createTcpProxy('127.0.0.1', Number(url.port));
      url.port = String(proxy.port);
      const connection = await openConnection(url.href, 'as if killed');
      connection.on('error', () => undefined);
      const walk = await DeadLetterWalk.open(connection, { windowSize: 10, mayTake: true, mayCopy: true });
      const walking = walk.run((letter) => {
        walk.replaceWithCopy(letter, { messageId: 'copy' });
        proxy.cutAll();
      });
      await expect(walking).rejects.toThrow('connection to RabbitMQ was lost');
      await proxy.close();
      await waitFor(async () => (await channel.checkQueue(DEAD_LETTERS)).messageCount === 1, { what: 'its return' });
      const [letter] = await takeAll(DEAD_LETTERS);
      expect(letter!.properties.messageId).toBeUndefined();
    });

    it('keeps what no queue takes and what the broker refuses, and says why', async () => {
      const full = await claimVhost();
      const connection = await full.connect();
      await declareTopology(connection, new StatisticsContract());
      const own = await full.openConfirmChannel();
      await own.deleteExchange(EVENTS_EXCHANGE);
      await own.assertExchange(EVENTS_EXCHANGE, 'topic', { durable: true });
      await own.assertQueue('full', { arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } });
      await own.bindQueue('full', EVENTS_EXCHANGE, 'tag.used');
      for (const [id, kind] of [
        ['a', 'nobody.wants'],
        ['b', 'tag.used'],
        ['c', 'tag.used'],
        ['d', 'nobody.wants'],
      ] as const) {
        own.publish(DEAD_LETTERS, kind, Buffer.from('{}'), deadLetter({ id, kind }));
        await own.waitForConfirms();
      }
      const { code, stdout, stderr } = await runOn(full.url, ['replay', '--yes']);
      expect([code, stdout]).toEqual([1, 'replayed 1, left 3\n']);
      expect(stderr).toMatch(/^not all could be published again \(2: no queue accepts the message; 1: .*\)\n$/);
      const left = await runOn(full.url, ['list', '--json']);
      expect(left.stdout.match(/"message_id":"."/g)).toEqual(['a', 'c', 'd'].map((id) => `"message_id":"${id}"`));
      await full.release();
    });
  });

  describe('discard', () => {
    it('takes out what matches, for good', async () => {
      await put(...SOME);
      const { code, stdout } = await cli('discard', '--guild', GUILD, '--limit', '2', '--yes');
      expect([code, stdout]).toEqual([0, 'discarded 2, left 2\n']);
      expect(await idsIn(DEAD_LETTERS)).toEqual(['c', 'd']);
    });
  });

  it.each(['replay', 'discard'])('%s says what it would do, or needs --yes where it can ask nobody', async (verb) => {
    await put(...SOME);
    const dry = await cli(verb, '--dry-run', '--kind', 'command.used');
    expect([dry.code, dry.stdout]).toEqual([0, `would ${verb} 2\n${verb.replace(/e?$/, 'ed')} 0, left 4\n`]);
    const refused = await startOn(vhost.url, [verb]).finished;
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain('--yes');
    expect((await idsIn(DEAD_LETTERS)).join('')).toBe('abcd');
    expect(await takeAll(QUEUES.statistics)).toEqual([]);
  });

  it.each([
    ['replay', 'replayed', 500],
    ['discard', 'discarded', 3_000],
  ])('%s takes what was there at the start, and nothing that arrives while it runs', async (verb, done, count) => {
    await numbered(count);
    let isRunning = true;
    const running = cli(verb, '--yes').finally(() => (isRunning = false));
    await waitFor(async () => (await channel.checkQueue(DEAD_LETTERS)).consumerCount > 0, { what: 'the first window' });
    const arrived: string[] = [];
    while (isRunning) {
      arrived.push(`new${arrived.length}`);
      await put({ id: arrived.at(-1)! });
    }
    expect(await running).toMatchObject({ code: 0, stdout: `${done} ${count}, left 0\n` });
    expect(arrived.length).toBeGreaterThan(10);
    expect(await idsIn(DEAD_LETTERS)).toEqual(arrived);
  });

  it.each([
    ['list --older-than 2', '2h'],
    ['list --limit 0', 'number from 1'],
    ['list --guild x', 'Discord id'],
    ['list --nonsense', 'nonsense'],
    ['show', 'message-id'],
    ['burn', 'burn'],
  ])('tells what is wrong with %s', async (line, message) => {
    expect(await cli(...line.split(' '))).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(message) as string,
    });
  });

  it('explains itself, and needs to know the broker alone', async () => {
    expect(await cli('replay', '--help')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('--dry-run') as string,
    });
    const { code, stderr } = await runCli(['dead-letters', 'list'], {});
    expect([code, stderr]).toEqual([78, expect.stringContaining('RABBITMQ_URL')]);
    expect(stderr).not.toContain('DATABASE_URL');
  });

  describe('when RabbitMQ is not as it should be', () => {
    it.each<[what: string, change: (url: URL) => void, message: RegExp]>([
      ['the password is wrong', (url) => (url.password = 'wrong'), /ACCESS_REFUSED/],
      ['nobody listens', (url) => (url.port = '1'), /ECONNREFUSED/],
      ['the virtual host is missing', (url) => (url.pathname = '/nowhere'), /virtual host "nowhere"/],
    ])('fails with one line when %s', async (_, change, message) => {
      const url = new URL(vhost.url);
      change(url);
      const { code, stdout, stderr } = await runOn(url.href, ['list']);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(message);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stderr).not.toContain('wrong');
    });

    it('tries each of several URLs', async () => {
      await put(...SOME);
      const { code, stdout } = await runOn(`amqp://127.0.0.1:1,${vhost.url}`, ['replay', '--yes']);
      expect([code, stdout]).toEqual([0, 'replayed 4, left 0\n']);
    });

    it('fails when there is no queue, and makes none', async () => {
      const empty = await claimVhost();
      const { code, stderr } = await runOn(empty.url, ['list']);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^there is no queue serverstats.dead-letters .*\n$/)]);
      await expect((await empty.openConfirmChannel()).checkQueue(DEAD_LETTERS)).rejects.toThrow('404');
      await empty.release();
    });

    it.each(['cutAll', 'hang'] as const)('ends when the connection does: %s', async (fault) => {
      await numbered(2_000);
      const url = new URL(vhost.url);
      const proxy = await createTcpProxy('127.0.0.1', Number(url.port));
      url.port = String(proxy.port);
      // In seconds, for both ends. Without it, they would notice after half a minute that nothing comes any more.
      url.searchParams.set('heartbeat', '2');
      const { finished } = startOn(url.href, ['replay', '--yes']);
      await waitFor(async () => (await channel.checkQueue(QUEUES.statistics)).messageCount > 0, { what: 'replays' });
      proxy[fault]();
      const { code, stderr } = await finished;
      expect(code).toBe(1);
      expect(stderr.trim().split('\n').at(-1)).toMatch(/connection|took longer|confirm|delivers nothing|nothing more/);
      await proxy.close();
      await waitFor(
        async () => {
          const [dead, published] = [
            await channel.checkQueue(DEAD_LETTERS),
            await channel.checkQueue(QUEUES.statistics),
          ];
          return dead.messageCount + published.messageCount >= 2_000;
        },
        { what: 'all messages to be in one of the queues', timeoutMs: 40_000 },
      );
    });
  });
});

describe('npm run cli -- dead-letters replay, killed again and again', () => {
  const KILLS = IS_LONG ? 50 : 3;
  const LETTERS_A_ROUND = IS_LONG ? 800 : 400;
  const ids = new SnowflakeSource();
  let system: TestSystem;

  beforeAll(async () => {
    system = await TestSystem.create();
    await system.startIngestion();
  });
  afterAll(() => system?.close());

  it(
    'loses nothing and has nothing stored twice',
    async () => {
      const guildId = ids.next();
      await system.openGuild(guildId, SWITCH_NAMES);
      const channel = await system.vhost.openConfirmChannel();
      const unstorable = new Set<string>();
      const body = Buffer.from(JSON.stringify({ guild_id: guildId }));
      let storable = 0;
      /** Some name their event, some do not, and some can never be stored. */
      const putRound = async () => {
        for (let index = 0; index < LETTERS_A_ROUND; index++) {
          const id = randomUUID();
          const isBad = index % 40 === 0;
          const hasIdentity = isBad || index % 8 !== 1;
          const own = { messageId: hasIdentity ? id : undefined, timestamp: hasIdentity ? Date.now() : undefined };
          const letter = deadLetter({ kind: 'reminder.created', properties: own });
          channel.publish(DEAD_LETTERS, 'reminder.created', isBad ? Buffer.from('not JSON') : body, letter);
          if (isBad) unstorable.add(id);
          else storable++;
        }
        await channel.waitForConfirms();
      };
      const depth = async () => (await channel.checkQueue(DEAD_LETTERS)).messageCount;

      let killed = 0;
      for (let round = 0; killed < KILLS; round++) {
        await putRound();
        const before = await system.eventsHandled();
        const { child, finished } = startOn(system.vhost.url, ['replay', '--yes']);
        const exited = finished.then(() => true);
        const hasBegun = waitFor(async () => child.exitCode !== null || (await system.eventsHandled()) > before, {
          what: 'the replay to begin',
          timeoutMs: 60_000,
        });
        await hasBegun;
        // A random moment of the rest of the run.
        await Promise.race([exited, delay(Math.random() * 400)]);
        child.kill('SIGKILL');
        await finished;
        if (child.signalCode === 'SIGKILL') killed++;
        expect(round).toBeLessThan(4 * KILLS);
      }
      // RabbitMQ returns what the killed ones held.
      await waitFor(async () => (await channel.checkQueue(DEAD_LETTERS)).consumerCount === 0, { what: 'the returns' });
      const last = await runOn(system.vhost.url, ['replay', '--yes']);
      expect([last.code, last.stdout]).toEqual([0, expect.stringMatching(/^replayed \d+, left 0\n$/)]);
      const rows = () => system.count('statistic_events WHERE guild_id = $1', [guildId]);
      await waitFor(async () => (await rows()) >= storable && (await depth()) >= unstorable.size, {
        what: `${storable} rows`,
        timeoutMs: 60_000,
      });
      const { stdout } = await runOn(system.vhost.url, ['list', '--json']);
      const dead = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(new Set(dead.map((letter) => letter.message_id))).toEqual(unstorable);
      expect(new Set(dead.map((letter) => letter.error_name))).toEqual(new Set(['MalformedMessageError']));
      expect(dead.every((letter) => Number(letter.attempts) > 1)).toBe(true);
      expect(await rows()).toBe(storable);
      const handled = await system.eventsHandled();
      process.stderr.write(
        `${killed} kills, ${storable} storable events, ${await rows()} rows, ${handled} handled by ingestion, ` +
          `${unstorable.size} unstorable, ${dead.length} dead letters\n`,
      );
    },
    IS_LONG ? 1_800_000 : 120_000,
  );
});
