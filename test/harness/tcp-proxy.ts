import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

const LOOPBACK = '127.0.0.1';

/** Stands between a service and its database or broker, to simulate outages. */
export interface TcpProxy {
  port: number;
  /** New connections are refused, as by a server that is down; open ones stay. */
  refuse(): Promise<void>;
  /** Undoes `refuse` and `hang`; what was held back flows. */
  accept(): Promise<void>;
  /** Resets every open connection. */
  cutAll(): void;
  /** Connections open and stay open, but nothing passes in either direction, as behind a dead link. */
  hang(): void;
  close(): Promise<void>;
}

interface Link {
  client: Socket;
  upstream: Socket;
}

function join({ client, upstream }: Link): void {
  client.pipe(upstream);
  upstream.pipe(client);
}

function part({ client, upstream }: Link): void {
  // Paused too, or else what arrives would be read and lost.
  client.unpipe(upstream).pause();
  upstream.unpipe(client).pause();
}

export async function createTcpProxy(targetHost: string, targetPort: number): Promise<TcpProxy> {
  const links = new Set<Link>();
  let hanging = false;
  let server: Server | undefined;

  const onConnection = (client: Socket) => {
    const upstream = connect({ host: targetHost, port: targetPort });
    const link = { client, upstream };
    links.add(link);
    const end = () => {
      links.delete(link);
      // What is still to be written is written first.
      client.destroySoon();
      upstream.destroySoon();
    };
    for (const socket of [client, upstream]) socket.setNoDelay(true).on('error', end).on('close', end);
    if (!hanging) join(link);
  };

  const listen = async (port: number) => {
    const listening = createServer(onConnection);
    await new Promise<void>((resolve, reject) => {
      listening.once('error', reject);
      listening.listen({ port, host: LOOPBACK }, resolve);
    });
    server = listening;
    return (listening.address() as AddressInfo).port;
  };

  const port = await listen(0);

  const eachSocket = (act: (socket: Socket) => void) => {
    for (const { client, upstream } of [...links]) {
      act(client);
      act(upstream);
    }
  };

  return {
    port,
    refuse: async () => {
      // close() stops listening at once; it calls back only when the last open connection is gone.
      server?.close();
      server = undefined;
    },
    accept: async () => {
      if (hanging) links.forEach(join);
      hanging = false;
      if (!server) await listen(port);
    },
    cutAll: () => {
      eachSocket((socket) => socket.resetAndDestroy());
      links.clear();
    },
    hang: () => {
      hanging = true;
      links.forEach(part);
    },
    close: async () => {
      const closing = server;
      server = undefined;
      eachSocket((socket) => socket.destroy());
      links.clear();
      if (closing) await new Promise((resolve) => closing.close(resolve));
    },
  };
}
