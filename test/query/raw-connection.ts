import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** An HTTP response, parsed without an HTTP client. */
export interface RawResponse {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
}

/** A TCP connection that can send any bytes at any pace. */
export class RawConnection {
  private text = '';

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => (this.text += chunk.toString('latin1')));
    // The server may close the connection while the client still sends.
    socket.on('error', () => undefined);
  }

  static async open(serviceUrl: string): Promise<RawConnection> {
    const { hostname, port } = new URL(serviceUrl);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  /** Everything received so far. */
  get received(): string {
    return this.text;
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Waits until the server closes the connection. @returns everything received */
  async untilClosed(): Promise<string> {
    if (!this.socket.closed) await once(this.socket, 'close');
    return this.text;
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Sends bytes that no HTTP client would send, and waits until the server closes the connection. */
export async function exchange(serviceUrl: string, request: string): Promise<RawResponse> {
  const connection = await RawConnection.open(serviceUrl);
  connection.send(request);
  return parseResponse(await connection.untilClosed());
}

export function parseResponse(text: string): RawResponse {
  const end = text.indexOf('\r\n\r\n');
  const [statusLine, ...lines] = text.slice(0, end).split('\r\n');
  const headers = lines.map((line) => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
  });
  return {
    status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine ?? '')?.[1]),
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: text.slice(end + 4),
  };
}
