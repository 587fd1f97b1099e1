import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { SERVICE_KEY } from '../harness/services.js';

export interface Downloaded {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** Whether the server ended the body; false if the connection broke. */
  isComplete: boolean;
}

interface DownloadOptions {
  /** @defaultValue GET */
  method?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** A response whose body the test reads when it wants to. */
export class Download {
  private readonly chunks: Buffer[] = [];

  private constructor(private readonly response: IncomingMessage) {
    // A broken connection also emits an error; `isComplete` reports it.
    response.on('error', () => undefined);
  }

  /** Resolves when the headers have arrived. */
  static async begin(url: string, { method, headers, signal }: DownloadOptions = {}): Promise<Download> {
    const sent = request(url, { method, headers: { authorization: `Bearer ${SERVICE_KEY}`, ...headers }, signal });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return new Download(response);
  }

  get requestId(): string {
    return this.response.headers['x-request-id'] as string;
  }

  /** Reads one byte, then nothing more, so that the buffers between server and client fill up. */
  async readALittle(): Promise<void> {
    await once(this.response, 'readable');
    this.chunks.push(this.response.read(1) as Buffer);
  }

  async readToEnd(): Promise<Downloaded> {
    const { body, ...rest } = await this.readBytes();
    return { ...rest, body: body.toString() };
  }

  /** Like {@link readToEnd}, without decoding the body. */
  async readBytes(): Promise<Omit<Downloaded, 'body'> & { body: Buffer }> {
    const closed = new Promise((resolve) => void this.response.once('close', resolve));
    this.response.on('data', (chunk: Buffer) => this.chunks.push(chunk));
    this.response.resume();
    await closed;
    const { statusCode, headers, complete } = this.response;
    return { status: statusCode!, headers, body: Buffer.concat(this.chunks), isComplete: complete };
  }

  /** Closes the connection. */
  abandon(): void {
    this.response.destroy();
  }
}

export async function download(url: string, options?: DownloadOptions): Promise<Downloaded> {
  return (await Download.begin(url, options)).readToEnd();
}
