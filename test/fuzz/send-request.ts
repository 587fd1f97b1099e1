import { once } from 'node:events';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { HTTP_LIMITS } from '#libs/observability';
import type { Answer } from '../harness/api-client.js';
import type { ApiKeyName } from './credentials.js';
import { changeCursor } from './cursors.js';
import type { FuzzRequest } from './requests.js';

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** The decompressed body. */
  body: Buffer;
}

/** The deadline of a response in milliseconds. */
const TIMEOUT_MS = 10_000;
/**
 * The deadline for a request that the server may be unable to read. After a request for another protocol, Node's parser
 * reports no error, and only the timeout for headers ends the connection.
 */
const UNRULY_TIMEOUT_MS = TIMEOUT_MS + HTTP_LIMITS.headersTimeoutMs + HTTP_LIMITS.checkIntervalMs;

/** Sends requests over persistent connections. */
export class RequestSender {
  private readonly agent = new Agent({ keepAlive: true });

  constructor(
    private readonly baseUrl: string,
    private readonly apiKeys: Readonly<Record<ApiKeyName, string>>,
  ) {}

  /** @throws Error if no complete response arrives before the deadline */
  async send(request: FuzzRequest): Promise<RawAnswer> {
    const { cursor, target } = request;
    if (cursor === undefined) return this.sendOnce(request);
    const first = await this.sendOnce({ ...request, target: withParameter(target, 'limit', '1') });
    const next = nextCursor(first);
    if (next === undefined) return first;
    return this.sendOnce({ ...request, target: withParameter(target, 'cursor', changeCursor(next, cursor)) });
  }

  close(): void {
    this.agent.destroy();
  }

  private async sendOnce(request: FuzzRequest): Promise<RawAnswer> {
    const { method, target, headers, body, credential, isUnruly } = request;
    const { hostname, port } = new URL(this.baseUrl);
    const header = credential.apiKey ? `Bearer ${this.apiKeys[credential.apiKey]}` : credential.header;
    const authorization = header === undefined ? {} : { authorization: header };
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    const timeoutMs = isUnruly ? UNRULY_TIMEOUT_MS : TIMEOUT_MS;
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const sent = httpRequest({
        ...{ hostname, port, method, path: target, agent: this.agent, signal },
        headers: { ...authorization, ...length, ...headers },
      });
      sent.end(body);
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      if (!response.complete) throw new Error('the response is truncated');
      return {
        status: response.statusCode!,
        headers: response.headers,
        body: decompressed(response, Buffer.concat(chunks)),
      };
    } catch (error) {
      throw new Error(
        signal.aborted ? `no response within ${timeoutMs} ms` : `no response: ${(error as Error).message}`,
        {
          cause: error,
        },
      );
    }
  }
}

const DECOMPRESS: Readonly<Record<string, (compressed: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  deflate: inflateSync,
};

/** @throws Error if the body does not have the encoding of its header */
function decompressed({ headers }: IncomingMessage, body: Buffer): Buffer {
  const encoding = headers['content-encoding'];
  return encoding === undefined || body.length === 0 ? body : DECOMPRESS[encoding]!(body);
}

/** The target with this parameter, without other values of the same name. */
function withParameter(target: string, name: string, value: string): string {
  const [path, search = ''] = target.split('?', 2);
  const others = search.split('&').filter((part) => part !== '' && !part.startsWith(`${name}=`));
  return `${path}?${[...others, `${name}=${value}`].join('&')}`;
}

function nextCursor({ status, headers, body }: RawAnswer): string | undefined {
  if (status !== 200 || headers['content-type']?.startsWith('application/json') !== true || body.length === 0)
    return undefined;
  return (JSON.parse(body.toString()) as Answer).page?.next_cursor ?? undefined;
}
