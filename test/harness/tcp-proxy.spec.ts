import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createTcpProxy, type TcpProxy } from './tcp-proxy.js';
import { waitFor } from './wait-for.js';

describe('createTcpProxy', () => {
  let echo: Server;
  let proxy: TcpProxy;
  const clients: Socket[] = [];

  beforeEach(async () => {
    echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    proxy = await createTcpProxy('127.0.0.1', (echo.address() as AddressInfo).port);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await proxy.close();
    echo.close();
    await once(echo, 'close');
  });

  const open = async () => {
    const socket = connect(proxy.port, '127.0.0.1');
    const connection = { socket, received: '', error: undefined as NodeJS.ErrnoException | undefined };
    socket.on('data', (chunk) => (connection.received += chunk.toString()));
    socket.on('error', (error) => (connection.error = error));
    clients.push(socket);
    await waitFor(() => socket.readyState === 'open' || connection.error, { what: 'the connection' });
    return connection;
  };

  it('forwards data in both directions', async () => {
    const connection = await open();
    connection.socket.write('hello');
    expect(await waitFor(() => connection.received, { what: 'the echo' })).toBe('hello');
  });

  it('refuses new connections and keeps open ones until it accepts again', async () => {
    const before = await open();
    await proxy.refuse();
    expect((await open()).error?.code).toBe('ECONNREFUSED');
    before.socket.write('still');
    expect(await waitFor(() => before.received, { what: 'the echo' })).toBe('still');
    await proxy.accept();
    expect((await open()).error).toBeUndefined();
  });

  it('resets open connections', async () => {
    const connection = await open();
    proxy.cutAll();
    const error = await waitFor(() => connection.error, { what: 'the reset' });
    expect(error.code).toBe('ECONNRESET');
  });

  it('delays data while it hangs, without losing any', async () => {
    const connection = await open();
    proxy.hang();
    connection.socket.write('late');
    const during = await open();
    during.socket.write('later');
    expect(connection.received + during.received).toBe('');
    await proxy.accept();
    expect(await waitFor(() => connection.received, { what: 'the first echo' })).toBe('late');
    expect(await waitFor(() => during.received, { what: 'the second echo' })).toBe('later');
  });
});
