import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { classifyDatabaseError, createDataSource, isConnectionFailure } from '#libs/database';
import { createTestDatabase, type TestDatabase } from '../harness/test-database.js';

/** Which connections the server of the test accepts. */
type Answer = 'no TLS' | 'TLS' | 'only TLS';
const SSL_REQUEST = 80_877_103;

describe('a database URL', () => {
  let database: TestDatabase;
  let folder: string;
  let parts: URL;
  let closedPort: number;
  const servers: Server[] = [];
  const sockets: Socket[] = [];
  const secured: boolean[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    parts = new URL(database.url);
    folder = mkdtempSync(join(tmpdir(), 'serverstats-tls-'));
    const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    execFileSync('openssl', [...request, ...files, ...subject], { stdio: 'ignore' });
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    closedPort = (closed.address() as AddressInfo).port;
    closed.close();
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await database.release();
  });
  beforeEach(() => {
    secured.length = 0;
  });
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  /** Starts a server in front of the real database. @returns its port */
  const serve = async (answer: Answer): Promise<number> => {
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.once('data', (first) => {
        const wantsTls = first.length === 8 && first.readInt32BE(4) === SSL_REQUEST;
        if (!wantsTls && answer === 'only TLS') return socket.destroy();
        if (!wantsTls) return forward(socket, first, false);
        socket.write(answer === 'no TLS' ? 'N' : 'S');
        if (answer === 'no TLS') return forward(socket, undefined, false);
        const [key, cert] = ['key.pem', 'cert.pem'].map((name) => readFileSync(join(folder, name)));
        return forward(new TLSSocket(socket, { isServer: true, key, cert }), undefined, true);
      });
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const forward = (from: Socket, first: Buffer | undefined, isSecured: boolean) => {
    const to = connect(Number(parts.port || 5432), parts.hostname);
    sockets.push(to);
    for (const socket of [from, to]) socket.on('error', () => to.destroy());
    if (first !== undefined) to.write(first);
    from.once('data', () => secured.push(isSecured));
    from.pipe(to).pipe(from);
  };
  const credentials = () => (parts.password ? `${parts.username}:${parts.password}` : parts.username);
  const urlOf = (hosts: string, query: string) => `postgres://${credentials()}@${hosts}${parts.pathname}?${query}`;
  const ask = async (url: string) => {
    const source = createDataSource({ url, poolSize: 2, applicationName: 'url-test' });
    await source.initialize();
    try {
      return await source.query<unknown[]>('SELECT 1 AS one');
    } finally {
      await source.destroy();
    }
  };

  it.each<[mode: string, answer: Answer, isSecured: boolean]>([
    ['prefer', 'no TLS', false],
    ['prefer', 'TLS', true],
    ['allow', 'no TLS', false],
    ['allow', 'only TLS', true],
    ['require', 'TLS', true],
  ])('should work with sslmode=%s and a server with %s', async (mode, answer, isSecured) => {
    const url = urlOf(`127.0.0.1:${await serve(answer)}`, `sslmode=${mode}`);
    expect(await ask(url)).toEqual([{ one: 1 }]);
    expect(secured.includes(true)).toBe(isSecured);
  });

  it('should be refused with sslmode=require and a server without TLS', async () => {
    await expect(ask(urlOf(`127.0.0.1:${await serve('no TLS')}`, 'sslmode=require'))).rejects.toThrow('SSL');
  });

  it('should check the certificate chain for verify-ca, and also the host name for verify-full', async () => {
    const port = await serve('TLS');
    const root = `sslrootcert=${join(folder, 'cert.pem')}`;
    expect(await ask(urlOf(`127.0.0.1:${port}`, `sslmode=verify-ca&${root}`))).toHaveLength(1);
    expect(await ask(urlOf(`localhost:${port}`, `sslmode=verify-full&${root}`))).toHaveLength(1);
    await expect(ask(urlOf(`127.0.0.1:${port}`, `sslmode=verify-full&${root}`))).rejects.toThrow('altnames');
    await expect(ask(urlOf(`localhost:${port}`, 'sslrootcert=system'))).rejects.toThrow('self-signed');
  });

  it('should try its hosts in order, and use the first one with the wanted session attributes', async () => {
    const host = `${parts.hostname}:${parts.port || 5432}`;
    const several = `127.0.0.1:${closedPort},${host}`;
    expect(await ask(urlOf(several, ''))).toHaveLength(1);
    for (const wanted of ['read-write', 'primary', 'prefer-standby']) {
      expect(await ask(urlOf(several, `target_session_attrs=${wanted}`))).toHaveLength(1);
    }
    const none = await ask(urlOf(several, 'target_session_attrs=standby')).catch((error: unknown) => error);
    expect((none as AggregateError).errors.map(String)).toEqual([
      expect.stringContaining(`ECONNREFUSED 127.0.0.1:${closedPort}`),
      expect.stringContaining('the server is not standby'),
    ]);
  });

  it('should count as an outage while no server has the wanted session attributes, for example during a failover', async () => {
    const url = urlOf(`${parts.hostname}:${parts.port || 5432}`, 'target_session_attrs=standby');
    const error = await ask(url).catch((reason: unknown) => reason);
    expect(error).toHaveProperty('message', expect.stringContaining('no server of the URL can be used'));
    expect([classifyDatabaseError(error), isConnectionFailure(error)]).toEqual(['outage', true]);
  });
});
