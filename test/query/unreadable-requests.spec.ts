import { SERVICE_KEY } from '../harness/services.js';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';
import { startQueryInProcess, type QueryInProcess } from '../harness/query-in-process.js';
import { exchange, RawConnection } from './raw-connection.js';

const MODULE = '/modules/serverstats';
const CLOSE = 'Connection: close\r\n';
const KEY = `Authorization: Bearer ${SERVICE_KEY}\r\n`;

describe('a malformed or unusual HTTP request', () => {
  let database: TestDatabase;
  let query: QueryInProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    query = await startQueryInProcess(database.url);
  });
  afterAll(async () => {
    await query?.close();
    await database?.release();
  });

  const post = (headers: string, body = '') => `POST ${MODULE}/enable HTTP/1.1\r\nHost: a\r\n${headers}\r\n${body}`;
  const get = (target: string, headers = '') => `GET ${target} HTTP/1.1\r\nHost: a\r\n${CLOSE}${headers}\r\n`;

  it.each([
    ['no Host header', 400, 'host', `GET ${MODULE} HTTP/1.1\r\n${CLOSE}\r\n`],
    ['text that is not HTTP', 400, 'request', 'HELLO\r\n\r\n'],
    ['a line end and binary noise', 400, 'request', '\r\n\r\n\u0001\u0002'],
    ['a version that does not exist', 400, 'request', `GET ${MODULE} HTTP/3.7\r\nHost: a\r\n\r\n`],
    ['the preface of HTTP/2', 400, 'request', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['TLS on the plain-text port', 400, 'request', '\u0016\u0003\u0001\u0002\u0000\u0001'],
    ['two Content-Length headers', 400, 'request', post('Content-Length: 1\r\nContent-Length: 2\r\n', '{}')],
    [
      'Content-Length and chunked encoding',
      400,
      'request',
      post('Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', '2\r\n{}\r\n0\r\n\r\n'),
    ],
    ['a negative Content-Length', 400, 'request', post('Content-Length: -1\r\n')],
    ['a chunk with an invalid length', 400, 'request', post(`${KEY}Transfer-Encoding: chunked\r\n`, 'zz\r\n')],
    ['a NUL in a header', 400, 'request', get(MODULE, 'X-A: a\u0000b\r\n')],
    ['a header without a name', 400, 'request', get(MODULE, ': b\r\n')],
    ['headers that are too large', 431, 'request', get(MODULE, `X-Big: ${'a'.repeat(100_000)}\r\n`)],
    ['too many headers', 431, 'request', get(MODULE, 'a: b\r\n'.repeat(20_000))],
    ['a request line that is too long', 431, 'request', get(`${MODULE}?a=${'a'.repeat(100_000)}`)],
    [
      'a chunk extension that is too long',
      413,
      'request',
      post(`${KEY}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n`, `2;${'a'.repeat(100_000)}`),
    ],
    ['an unknown Expect header', 417, 'expect', post('Content-Length: 0\r\nExpect: a-miracle\r\n')],
  ])('gets BadRequestError: %s', async (_, status, field, request) => {
    const response = await exchange(query.url, request);
    expect(response).toMatchObject({
      status,
      headers: { 'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/), 'x-content-type-options': 'nosniff' },
    });
    expect(JSON.parse(response.body)).toMatchObject({
      success: false,
      data: {},
      error: { code: 400, name: 'BadRequestError', fields: [{ field }] },
    });
  });

  it.each([
    ['CONNECT', 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n'],
    ['TRACE', `TRACE ${MODULE} HTTP/1.1\r\nHost: a\r\n${CLOSE}\r\n`],
    ['PROPFIND', `PROPFIND ${MODULE} HTTP/1.1\r\nHost: a\r\n${CLOSE}\r\n`],
    ['OPTIONS *', `OPTIONS * HTTP/1.1\r\nHost: a\r\n${CLOSE}\r\n`],
    ['the URL of another server', get('http://example.org/nope')],
  ])('gets NotFoundError: %s', async (_, request) => {
    const response = await exchange(query.url, request);
    expect(response).toMatchObject({ status: 404, headers: { 'x-request-id': expect.any(String) } });
    expect(JSON.parse(response.body)).toMatchObject({ success: false, error: { code: 404, name: 'NotFoundError' } });
  });

  it.each([
    ['requests a protocol upgrade', get('/livez', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')],
    ['uses HTTP/1.0 without a host', 'GET /livez HTTP/1.0\r\n\r\n'],
    ['uses HTTP/0.9', 'GET /livez\r\n\r\n'],
  ])('gets a normal answer if it only %s', async (_, request) => {
    const response = await exchange(query.url, request);
    expect(response).toMatchObject({ status: 200, body: '{"status":"ok"}' });
  });

  it('keeps its X-Request-Id', async () => {
    const ofUnmet = await exchange(query.url, post('Content-Length: 0\r\nExpect: more\r\nX-Request-Id: of-mine\r\n'));
    const ofTunnel = await exchange(query.url, 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\nX-Request-Id: of-mine\r\n\r\n');
    expect([ofUnmet, ofTunnel].map(({ headers }) => headers['x-request-id'])).toEqual(['of-mine', 'of-mine']);
  });

  it('does not get its error sent as the answer to the previous request', async () => {
    const connection = await RawConnection.open(query.url);
    connection.send(`${get('/livez').replace(CLOSE, '')}NONSENSE\r\n\r\n`);
    expect(await connection.untilClosed()).not.toContain('BadRequestError');
  });
});
