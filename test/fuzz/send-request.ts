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
  /** Unpacked. */
  body: Buffer;
}

/** Whatever is asked for, an answer that takes longer, in milliseconds, is taken for none. */
const TIMEOUT_MS = 10_000;
/**
 * The same for a request that the server may be unable to read: after one that asked for another protocol, Node's parser
 * tells no error, and the limit for headers ends the waiting.
 */
const UNRULY_TIMEOUT_MS = TIMEOUT_MS + HTTP_LIMITS.headersTimeoutMs + HTTP_LIMITS.checkIntervalMs;

/** Sends requests over connections that stay open. */
export class RequestSender {
  private readonly agent = new Agent({ keepAlive: true });

  constructor(
    private readonly baseUrl: string,
    private readonly apiKeys: Readonly<Record<ApiKeyName, string>>,
  ) {}

  /** @throws Error when no answer came whole and in time */
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
      if (!response.complete) throw new Error('the answer has no end');
      return {
        status: response.statusCode!,
        headers: response.headers,
        body: unpacked(response, Buffer.concat(chunks)),
      };
    } catch (error) {
      throw new Error(signal.aborted ? `no answer within ${timeoutMs} ms` : `no answer: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
}

const UNPACK: Readonly<Record<string, (packed: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  deflate: inflateSync,
};

/** @throws Error when it is packed as its header does not say */
function unpacked({ headers }: IncomingMessage, body: Buffer): Buffer {
  const encoding = headers['content-encoding'];
  return encoding === undefined || body.length === 0 ? body : UNPACK[encoding]!(body);
}

/** The target with this parameter instead of any of that name. */
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
