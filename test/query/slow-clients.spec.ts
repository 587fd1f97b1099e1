import { HTTP_LIMITS } from '#libs/observability';
import { SERVICE_KEY } from '../harness/services.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { waitFor } from '../harness/wait-for.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { parseResponse, RawConnection } from './raw-connection.js';

const LIMITS = {
  ...HTTP_LIMITS,
  headersTimeoutMs: 300,
  requestTimeoutMs: 500,
  checkIntervalMs: 50,
  keepAliveTimeoutMs: 300,
  maxConnections: 20,
};
const TRICKLE_MS = 40;

const ENABLE = 'POST /modules/serverstats/enable HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
const KEY = `Authorization: Bearer ${SERVICE_KEY}\r\n`;

describe('a slow client', () => {
  let database: TestDatabase;
  let query: QueryInProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    query = await startQueryInProcess(database.url, {}, { limits: LIMITS });
  });
  afterAll(async () => {
    await query?.close();
    await database?.release();
  });

  /** Sends the beginning, then the same piece without end. @returns everything received until the server hangs up */
  const trickle = async (beginning: string, piece: string) => {
    const connection = await RawConnection.open(query.url);
    connection.send(beginning);
    const timer = setInterval(() => connection.send(piece), TRICKLE_MS);
    try {
      return await connection.untilClosed();
    } finally {
      clearInterval(timer);
    }
  };

  it.each([
    ['its headers', 'GET /livez HTTP/1.1\r\nHost: a\r\n', 'a: b\r\n'],
    ['its request line', 'GET /livez', 'x'],
    ['its body', `${ENABLE}${KEY}Content-Length: 1000\r\n\r\n`, ' '],
    ['its chunks', `${ENABLE}${KEY}Transfer-Encoding: chunked\r\n\r\n`, '1\r\n \r\n'],
    ['an empty request', '', ''],
  ])('gets status 408 if it never finishes %s', async (_, beginning, piece) => {
    const response = parseResponse(await trickle(beginning, piece));
    expect(response).toMatchObject({ status: 408, headers: { 'x-request-id': expect.any(String) } });
    expect(JSON.parse(response.body)).toMatchObject({ success: false, error: { name: 'BadRequestError' } });
  });

  it('gets 401 at once without a credential, and cannot keep its connection open with a body', async () => {
    const response = parseResponse(await trickle(`${ENABLE}Content-Length: 1000\r\n\r\n`, ' '));
    expect(response.status).toBe(401);
  });

  it('gets an answer and loses its connection if it requests a protocol upgrade with a body', async () => {
    const connection = await RawConnection.open(query.url);
    const upgrade = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n';
    connection.send(`POST /nope HTTP/1.1\r\nHost: a\r\n${upgrade}Content-Length: 2\r\n\r\n{}`);
    expect(await connection.untilClosed()).toMatch(/^HTTP\/1\.1 404 [^]*\r\nconnection: close\r\n/i);
  });

  it('gets an answer in time even where Node reports no error: after a request for a protocol upgrade', async () => {
    const connection = await RawConnection.open(query.url);
    connection.send('GET /livez HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    await waitFor(() => connection.received.includes('{"status":"ok"}'), { what: 'the first answer' });
    connection.send('GET /livez?\u00e9 HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await connection.untilClosed()).toMatch(/HTTP\/1\.1 (?:400|408) .*"BadRequestError"/s);
  });

  it('loses its connection when it sends no further request', async () => {
    const connection = await RawConnection.open(query.url);
    connection.send('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n');
    const text = await connection.untilClosed();
    expect(text).toMatch(/^HTTP\/1\.1 200 .*\{"status":"ok"\}$/s);
  });

  it('does not delay other clients', async () => {
    const slow = await Promise.all(Array.from({ length: 10 }, () => RawConnection.open(query.url)));
    for (const connection of slow) connection.send('GET /livez HTTP/1.1\r\n');
    expect((await fetch(`${query.url}/livez`)).status).toBe(200);
    await Promise.all(slow.map((connection) => connection.untilClosed()));
  });

  it('gets no connection beyond the limit, until others are closed', async () => {
    const limits = { ...HTTP_LIMITS, maxConnections: 2 };
    const full = await startQueryInProcess(database.url, {}, { limits, connected: false });
    try {
      const [first, second] = [await RawConnection.open(full.url), await RawConnection.open(full.url)];
      const third = await RawConnection.open(full.url);
      expect(await third.untilClosed()).toBe('');
      first.close();
      second.close();
      await waitFor(async () => (await fetch(`${full.url}/livez`)).status === 200, { what: 'a free connection' });
    } finally {
      await full.close();
    }
  });
});
