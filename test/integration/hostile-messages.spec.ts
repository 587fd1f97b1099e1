import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { deflateSync, gzipSync } from 'node:zlib';
import type { Options } from 'amqplib';
import { SWITCH_NAMES } from '#libs/contracts';
import { SnowflakeSource } from '../harness/made-up-events.js';
import type { Publisher } from '../harness/publisher.js';
import type { ServiceProcess } from '../harness/services.js';
import { TestSystem } from '../harness/system.js';
import { waitFor } from '../harness/wait-for.js';

const run = promisify(execFile);
const ids = new SnowflakeSource(Date.now());
const MIB = 1_048_576;
const GZIP = { contentEncoding: 'gzip' };

interface HostileMessage {
  what: string;
  body: Buffer;
  properties?: Options.Publish;
  /** The error message of the dead letter. */
  reason: RegExp;
}

const EVENT = JSON.stringify({ guild_id: '1', command: 'a' });
const PACKED = gzipSync(EVENT);

const MESSAGES: HostileMessage[] = [
  {
    what: 'a decompression bomb',
    body: gzipSync(Buffer.alloc(64 * MIB, ' ')),
    properties: GZIP,
    reason: /larger than 1048576/,
  },
  {
    what: 'a byte too much after decompression',
    body: gzipSync(EVENT.padEnd(MIB + 1)),
    properties: GZIP,
    reason: /larger than/,
  },
  { what: 'a byte too much without compression', body: Buffer.from(EVENT.padEnd(MIB + 1)), reason: /larger than/ },
  {
    what: 'gzip members that are a decompression bomb together',
    body: Buffer.concat(Array(20).fill(gzipSync(Buffer.alloc(MIB / 10, ' ')))),
    properties: GZIP,
    reason: /larger than/,
  },
  { what: 'gzip in gzip', body: gzipSync(gzipSync(EVENT)), properties: GZIP, reason: /not valid UTF-8/ },
  { what: 'truncated gzip', body: PACKED.subarray(0, -9), properties: GZIP, reason: /not valid gzip/ },
  {
    what: 'gzip with a wrong checksum',
    body: Buffer.concat([PACKED.subarray(0, -8), Buffer.alloc(8)]),
    properties: GZIP,
    reason: /not valid gzip/,
  },
  { what: 'gzip without a content encoding', body: PACKED, reason: /not valid UTF-8/ },
  {
    what: 'plain JSON with the content encoding gzip',
    body: Buffer.from(EVENT),
    properties: GZIP,
    reason: /not valid gzip/,
  },
  {
    what: 'an empty body with the content encoding gzip',
    body: Buffer.alloc(0),
    properties: GZIP,
    reason: /not valid gzip|JSON/,
  },
  {
    what: 'another content encoding',
    body: deflateSync(EVENT),
    properties: { contentEncoding: 'zstd' },
    reason: /must be one of gzip, deflate, br/,
  },
  {
    what: 'several content encodings',
    body: gzipSync(PACKED),
    properties: { contentEncoding: 'gzip, gzip' },
    reason: /must be one of gzip, deflate, br/,
  },
  { what: 'an empty body', body: Buffer.alloc(0), reason: /unexpected end/ },
  { what: 'deep arrays', body: Buffer.from('['.repeat(MIB)), reason: /nested deeper/ },
  { what: 'deep objects', body: gzipSync('{"a":'.repeat(200_000)), properties: GZIP, reason: /nested deeper/ },
  { what: 'a long number', body: Buffer.from(`{"guild_id":${'9'.repeat(900_000)},"command":"a"}`), reason: /guild_id/ },
  {
    what: 'too many events',
    body: Buffer.from(`[${Array(1_001).fill(EVENT).join()}]`),
    reason: /more than 1000 elements/,
  },
  { what: 'half a million numbers', body: Buffer.from(`[${Array(500_000).fill(7).join()}]`), reason: /more than 1000/ },
  { what: 'a duplicate key', body: Buffer.from('{"guild_id":1,"guild_id":1,"command":"a"}'), reason: /is given twice/ },
  {
    what: '__proto__',
    body: Buffer.from('{"guild_id":1,"command":"a","__proto__":{"user_id":1}}'),
    reason: /__proto__/,
  },
  { what: 'a lone surrogate', body: Buffer.from('{"guild_id":1,"command":"\\ud83d"}'), reason: /command/ },
  {
    what: 'text in another encoding',
    body: Buffer.from('{"guild_id":1,"command":"\u00e9"}', 'latin1'),
    reason: /not valid UTF-8/,
  },
  {
    what: 'enormous headers',
    body: Buffer.from('{}'),
    properties: { headers: Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`x-${n}`, 'h'.repeat(100)])) },
    reason: /guild_id is required/,
  },
  {
    what: 'deep headers',
    body: Buffer.from('{}'),
    properties: { headers: { deep: JSON.parse('{"a":'.repeat(300) + '1' + '}'.repeat(300)) as unknown } },
    reason: /guild_id is required/,
  },
];

describe('a hostile message', () => {
  let system: TestSystem;
  let service: ServiceProcess;
  let publisher: Publisher;

  beforeAll(async () => {
    system = await TestSystem.create();
    service = await system.startIngestion({ env: { NODE_OPTIONS: '--max-old-space-size=160' } });
    publisher = await system.connectPublisher();
  });
  afterAll(async () => {
    await publisher?.close();
    await system?.close();
  });

  it('is dead-lettered unchanged with the reason, and its neighbours are stored', async () => {
    const guildId = ids.next(86_400_000);
    await system.openGuild(guildId, SWITCH_NAMES);
    const neighbour = (n: number) =>
      publisher.publish('command.used', { guild_id: guildId, command: 'good' }, { messageId: `neighbour-${n}` });
    for (const [n, { body, properties, what }] of MESSAGES.entries()) {
      await neighbour(n);
      await publisher.publish('command.used', body, { ...properties, messageId: what });
    }
    await neighbour(MESSAGES.length);

    const letters = await publisher.waitForDeadLetters(MESSAGES.length);
    const found = MESSAGES.map(({ what, body, reason }) => {
      const letter = letters.find(({ properties }) => properties.messageId === what);
      const message = String(letter?.properties.headers?.['x-error-message']);
      return {
        what,
        isUnchanged: letter?.content.equals(body) === true,
        reason: reason.test(message) ? reason : message,
      };
    });
    expect(found).toEqual(MESSAGES.map(({ what, reason }) => ({ what, isUnchanged: true, reason })));
    expect(letters).toHaveLength(MESSAGES.length);
    const stored = () => system.count('statistic_events WHERE guild_id = $1', [guildId]);
    await waitFor(async () => (await stored()) === MESSAGES.length + 1, { what: 'the neighbours to be stored' });
    expect(service.child.exitCode).toBeNull();
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
  });

  it('is dead-lettered with the reason if the client library cannot read its deeply nested headers', async () => {
    const guildId = ids.next(86_400_000);
    await system.openGuild(guildId, SWITCH_NAMES);
    await run(process.execPath, [
      '--stack-size=3900',
      'test/integration/publish-deep-headers.mjs',
      system.vhost.url,
      '6000',
    ]);
    await publisher.publish('command.used', { guild_id: guildId, command: 'good' });
    await waitFor(async () => (await system.count('statistic_events WHERE guild_id = $1', [guildId])) === 1, {
      what: 'the neighbour to be stored',
    });
    const [letter] = await publisher.waitForDeadLetters(1);
    expect(letter!.properties.headers!['x-error-message']).toMatch(/headers are nested too deep/);
    expect(letter!.content.toString()).toBe('{"guild_id":1,"command":"deep"}');
    expect(service.output()).not.toContain('RabbitMQ is not available');
  });
});
