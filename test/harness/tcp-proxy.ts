import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

const LOOPBACK = '127.0.0.1';

/** A proxy between a service and its database or broker that simulates outages. */
export interface TcpProxy {
  port: number;
  /** Refuses new connections, as if the server were down. Open ones are kept. */
  refuse(): Promise<void>;
  /** Undoes `refuse` and `hang`, and forwards delayed data. */
  accept(): Promise<void>;
  /** Resets every open connection. */
  cutAll(): void;
  /** Accepts connections and keeps them open, but forwards no data, as with a broken network link. */
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
  // Without the pause, incoming data would be read and lost.
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
      // Closes after pending data is written.
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
      // close() stops listening immediately, but calls back only after the last connection has closed.
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
