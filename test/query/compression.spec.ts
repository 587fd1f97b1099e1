import { randomBytes } from 'node:crypto';
import { brotliDecompressSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { SERVICE_KEY } from '../harness/services.js';
import { Download, download } from './download.js';
import { newGuildId } from './guild-ids.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { exchange } from './raw-connection.js';

const MODULE = '/modules/serverstats';
const RECORDS = 40_000;
const DECOMPRESS: Record<string, (packed: Buffer) => Buffer> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  deflate: inflateSync,
};

describe('compression of answers and requests', () => {
  let database: TestDatabase;
  let query: QueryInProcess;
  let guildId: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    query = await startQueryInProcess(database.url);
    guildId = newGuildId();
    await query.client.openGuild(guildId);
    await database.query(
      `INSERT INTO statistic_events (guild_id, kind, occurred_at, event_id, user_id, channel_id, message_id)
       SELECT $1, 2, now() - i * interval '1 second', gen_random_uuid(), 9007199254740993, 9007199254740993, i
       FROM generate_series(1, $2) AS i`,
      [guildId, RECORDS],
    );
  });
  afterAll(async () => {
    await query?.close();
    await database?.release();
  });

  const view = (parameters: string) => `${query.url}${MODULE}/stats/message/view?guild_id=${guildId}&${parameters}`;
  const get = (url: string, acceptEncoding: string, method = 'GET') =>
    download(url, { method, headers: { 'accept-encoding': acceptEncoding } });
  const post = (path: string, body: Buffer | string, contentEncoding: string) =>
    query.client.request(`${MODULE}/${path}`, {
      method: 'POST',
      body: body as BodyInit,
      headers: { 'content-type': 'application/json', 'content-encoding': contentEncoding },
    });
  const status = (padding: number) => JSON.stringify({ guild_id: guildId, command: 'ping', more: 'a'.repeat(padding) });

  it.each([
    ['gzip', 'gzip'],
    ['br', 'br, gzip;q=0.5'],
    ['deflate', 'deflate'],
    ['gzip', 'x-gzip'],
    ['gzip', 'GZIP, br;q=0'],
  ])('answers in %s to a caller that accepts %s, with the same JSON', async (encoding, accepted) => {
    for (const limit of [100, 10_000]) {
      const plain = await get(view(`limit=${limit}`), 'identity');
      const packed = await fetchBytes(view(`limit=${limit}`), accepted);
      expect(packed.headers['content-encoding']).toBe(encoding);
      expect(packed.headers.vary).toContain('accept-encoding');
      expect(plain.headers['content-encoding']).toBeUndefined();
      const envelope = (text: string) => ({ ...(JSON.parse(text) as object), page: undefined });
      expect(envelope(DECOMPRESS[encoding]!(packed.body).toString())).toEqual(envelope(plain.body));
      expect(packed.body.length).toBeLessThan(plain.body.length / 2);
    }
  });

  it('does not compress answers below 1 KiB, or answers to callers that accept no supported encoding', async () => {
    expect((await get(`${query.url}/livez`, 'gzip')).headers['content-encoding']).toBeUndefined();
    for (const accepted of ['identity', 'zstd', 'gzip;q=0, br;q=0', '']) {
      const { status, headers, body } = await get(view('limit=100'), accepted);
      expect([accepted, status, headers['content-encoding']]).toEqual([accepted, 200, undefined]);
      expect(JSON.parse(body)).toMatchObject({ success: true });
    }
  });

  it.each(['csv', 'ndjson'])('compresses a streamed %s download', async (format) => {
    const plain = await get(view(`format=${format}`), 'identity');
    const packed = await fetchBytes(view(`format=${format}`), 'gzip');
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', 'transfer-encoding': 'chunked' });
    expect(packed.headers['content-disposition']).toContain('attachment');
    const lines = (text: string) => text.split('\n').length;
    expect(lines(gunzipSync(packed.body).toString())).toBe(lines(plain.body));
    expect(lines(plain.body)).toBeGreaterThan(RECORDS);
  });

  it('stops reading for a compressed download whose client has disconnected', async () => {
    const left = await Download.begin(view('format=ndjson'), { headers: { 'accept-encoding': 'gzip' } });
    left.abandon();
    await expect(query.close()).resolves.toBeUndefined();
    query = await startQueryInProcess(database.url);
  });

  it.each(['gzip', 'x-gzip', 'GZip'])('reads a body with content-encoding %s', async (encoding) => {
    const body = gzipSync(status(0));
    expect(await post('stats/command/check', body, encoding)).toMatchObject({ status: 202, data: { accepted: true } });
    expect(query.handover.events.at(-1)?.body).toMatchObject({ command: 'ping', guild_id: guildId });
  });

  it('limits the decompressed size of a body', async () => {
    expect(await post('stats/command/check', gzipSync(status(90_000)), 'gzip')).toMatchObject({ status: 202 });
    for (const size of [110_000, 2_000_000, 50_000_000]) {
      expect(await post('stats/command/check', gzipSync(status(size)), 'gzip')).toMatchObject({
        status: 413,
        error: { name: 'BadRequestError', fields: [{ field: 'body' }] },
      });
    }
    const noise = JSON.stringify({ guild_id: guildId, command: 'ping', more: randomBytes(60_000).toString('hex') });
    expect(await post('stats/command/check', gzipSync(noise), 'gzip')).toMatchObject({ status: 413 });
  });

  it.each(['deflate', 'br', 'zstd', 'gzip, gzip', 'nonsense'])(
    'answers 415 for a body with content-encoding %s',
    async (encoding) => {
      expect(await post('stats/command/check', gzipSync(status(0)), encoding)).toMatchObject({
        status: 415,
        error: { name: 'BadRequestError', fields: [{ field: 'content-encoding' }] },
      });
    },
  );

  it('answers BadRequestError for a body that is not valid gzip', async () => {
    const body = gzipSync(status(0));
    for (const broken of [Buffer.from(status(0)), body.subarray(0, -12), Buffer.from([0x1f, 0x8b])]) {
      expect(await post('stats/command/check', broken, 'gzip')).toMatchObject({
        status: 400,
        error: { name: 'BadRequestError', fields: [{ field: 'body', message: 'must be valid gzip' }] },
      });
    }
  });

  it('checks the credential before it decompresses a body', async () => {
    const request = `POST ${MODULE}/enable HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Encoding: br\r\nContent-Length: 0\r\n\r\n`;
    expect(await exchange(query.url, request)).toMatchObject({ status: 401 });
  });

  it.each(['/openapi.json', '/asyncapi.json'])(
    'sends %s with an ETag, and answers 304 to a client that has this version',
    async (path) => {
      const url = query.url + path;
      const first = await fetchBytes(url, 'gzip');
      const etag = String(first.headers.etag);
      expect(first.headers).toMatchObject({ 'content-encoding': 'gzip', 'cache-control': 'no-cache' });
      expect(etag).toMatch(/^W\/"[\w-]{22}"$/);
      expect((await get(url, 'identity')).headers.etag).toBe(etag);
      for (const known of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
        const answer = await download(url, { headers: { 'if-none-match': known, 'accept-encoding': 'gzip' } });
        expect([known, answer.status, answer.body, answer.headers.etag]).toEqual([known, 304, '', etag]);
      }
      expect((await download(url, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    },
  );

  /** Returns the body as sent. fetch() would decompress it. */
  async function fetchBytes(url: string, acceptEncoding: string) {
    const response = await Download.begin(url, {
      headers: { authorization: `Bearer ${SERVICE_KEY}`, 'accept-encoding': acceptEncoding },
    });
    return response.readBytes();
  }
});
