import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { channelRoutes } from './channel-routes.js';
import { DiscordAnswers } from './discord-answers.js';
import { DiscordState } from './discord-state.js';
import { Faults, type Fault } from './faults.js';
import { guildRoutes } from './guild-routes.js';
import { LoginDouble } from './login-double.js';
import { messageRoutes } from './message-routes.js';
import { RateLimitExceeded, RateLimits, type Exceeded } from './rate-limits.js';
import { invalidForm, Refusal, unauthorized } from './refusal.js';
import { readBody, type UploadedFile } from './request-body.js';
import { headerProblems } from './request-headers.js';
import type { DoubleContext, Handler } from './route-handlers.js';
import { addressComplaints, matchRoute, type KnownRouteName, type MatchedRoute } from './routes.js';
import { userRoutes } from './user-routes.js';

export interface DiscordDoubleOptions {
  /** The token of the bot. Any other token gets 401. */
  token?: string;
  /** The clock of rate limits, ids and nonces. @defaultValue the system clock */
  clock?: { now(): number };
}

export interface RecordedRequest {
  /** Unix milliseconds of the double's clock. */
  at: number;
  method: string;
  /** The path after the version, without the query. For a file, `/attachments/…`. */
  path: string;
  /** Undefined for a file and for an unknown route. */
  route?: KnownRouteName;
  query: URLSearchParams;
  json?: Record<string, unknown>;
  files: readonly UploadedFile[];
  /** Undefined before the response, and if the connection ended without one. */
  status?: number;
  fault?: Fault['kind'];
}

const API = '/api/v10';
const TOKEN = 'MTA4MDk0NjM0NTYwMDg4NDc1Ng.made-up.token-of-the-double';

const HANDLERS: Record<KnownRouteName, Handler> = { ...guildRoutes, ...channelRoutes, ...messageRoutes, ...userRoutes };

/**
 * A double of Discord's REST API on a free port. Tests set up and read its state. It is strict: it answers an
 * undocumented request like Discord, and adds it to `violations`, which every test expects to be empty.
 */
export class DiscordDouble {
  readonly state: DiscordState;
  readonly limits: RateLimits;
  readonly faults = new Faults();
  /** All requests in the order of arrival, including those for files. */
  readonly requests: RecordedRequest[] = [];
  /** Mistakes that a correct client does not make. */
  readonly violations: string[] = [];
  /** The login with Discord. */
  readonly login: LoginDouble;
  private context: DoubleContext;

  private constructor(
    private readonly server: Server,
    readonly token: string,
    private readonly now: () => number,
  ) {
    this.state = new DiscordState(now);
    this.limits = new RateLimits(now);
    const answers = new DiscordAnswers(this.state, this.origin);
    this.login = new LoginDouble(this.state, answers, this.violations);
    this.context = { state: this.state, answers, limits: this.limits, nonces: new Map() };
  }

  static async start({ token = TOKEN, clock = Date }: DiscordDoubleOptions = {}): Promise<DiscordDouble> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const double = new DiscordDouble(server, token, () => clock.now());
    server.on('request', (request, response) => void double.serve(request, response));
    return double;
  }

  /** The value for `DISCORD_API_URL`. */
  get url(): string {
    return `${this.origin}/api`;
  }

  /** All requests except GET. */
  get writes(): RecordedRequest[] {
    return this.requests.filter(({ method }) => method !== 'GET');
  }

  requestsOf(route: KnownRouteName): RecordedRequest[] {
    return this.requests.filter((request) => request.route === route);
  }

  /** Call it after each test. @throws Error with all violations, if there are any */
  assertNoViolations(): void {
    if (this.violations.length > 0)
      throw new Error(`requests broke the rules of Discord:\n${this.violations.join('\n')}`);
  }

  /** Also ends hanging requests. */
  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await readRaw(request);
    if (!raw) return;
    const { pathname, searchParams: query } = new URL(request.url ?? '/', this.origin);
    const method = request.method ?? '';
    const isApi = pathname.startsWith(`${API}/`);
    const path = isApi ? pathname.slice(API.length) : pathname;
    const matched = isApi ? matchRoute(method, path) : undefined;
    const record: RecordedRequest = { at: this.now(), method, path, route: matched?.route.name, query, files: [] };
    this.requests.push(record);
    response.on('finish', () => (record.status = response.statusCode));

    const fault = this.faults.take(method, path);
    record.fault = fault?.kind;
    if (fault && this.failBeforehand(fault, response)) return;

    if (fault?.kind === 'late') {
      fault.onArrival?.();
      await fault.until;
    }
    const send = fault && fault.kind !== 'late' ? this.brokenSending(fault) : sendJson;
    if (this.login.isFor(pathname, request)) return this.login.serve(request, raw, response);
    if (pathname.startsWith('/attachments/')) return this.sendFile(pathname, response);
    try {
      if (!isApi) throw notFound([`${pathname} is not below ${API}`]);
      const { status = 200, body } = await this.answer(record, matched, request, raw);
      send(response, status, body, matched ? this.limits.headers(matched) : {});
    } catch (error) {
      if (error instanceof RateLimitExceeded) return sendRateLimited(response, error.exceeded, this.headersOf(matched));
      if (!(error instanceof Refusal)) {
        this.violations.push(`${method} ${path}: the double failed: ${(error as Error).stack}`);
        return sendPage(response, 500);
      }
      this.violations.push(...error.violations.map((violation) => `${method} ${path}: ${violation}`));
      send(response, error.status, error.body, this.headersOf(matched));
    }
  }

  /** @throws Refusal, RateLimitExceeded */
  private async answer(
    record: RecordedRequest,
    matched: MatchedRoute | undefined,
    request: IncomingMessage,
    raw: Buffer<ArrayBuffer>,
  ) {
    const { authorization } = request.headers;
    for (const problem of headerProblems(request.headers))
      this.violations.push(`${record.method} ${record.path}: ${problem}`);
    if (authorization !== `Bot ${this.token}`) throw unauthorized();
    if (!matched) throw notFound([`the double knows no ${record.method} ${record.path}`]);
    const exceeded = this.limits.countGlobally() ?? this.limits.countRoute(matched);
    if (exceeded) throw new RateLimitExceeded(exceeded);
    const body = await readBody(matched.route, request.headers['content-type'], raw);
    record.json = body.json;
    record.files = body.files;
    const complaints = [...addressComplaints(matched, record.query), ...body.complaints];
    if (complaints.length > 0) throw invalidForm(complaints);
    const { params, route } = matched;
    return HANDLERS[route.name](this.context, {
      params,
      query: record.query,
      json: body.json ?? {},
      files: body.files,
    });
  }

  /** @returns whether the fault has ended the request */
  private failBeforehand(fault: Fault, response: ServerResponse): boolean {
    switch (fault.kind) {
      case 'hang':
        return true;
      case 'reset':
        response.socket?.resetAndDestroy();
        return true;
      case 'status':
        sendPage(response, fault.status);
        return true;
      case 'unauthorized':
        sendJson(response, 401, unauthorized().body, {});
        return true;
      case 'refused':
        sendJson(response, fault.status, new Refusal(fault.status, fault.code, fault.message).body, {});
        return true;
      case 'rate_limited': {
        const { retryAfterMs, scope = 'user', headers = true } = fault;
        if (headers) sendRateLimited(response, { retryAfterMs, scope }, {});
        else sendPage(response, 429, retryAfterMs > 0 ? { 'Retry-After': wholeSeconds(retryAfterMs) } : {});
        return true;
      }
      default:
        return false;
    }
  }

  private brokenSending({ kind }: Fault): typeof sendJson {
    return (response, status, body, headers) => {
      if (kind === 'done_but_unknown') {
        response.socket?.resetAndDestroy();
        return;
      }
      response.writeHead(status, { ...headers, 'Content-Type': 'application/json' });
      response.end(JSON.stringify(body ?? {}).slice(0, -1));
    };
  }

  private headersOf(matched: MatchedRoute | undefined): Record<string, string> {
    return matched ? this.limits.headers(matched) : {};
  }

  private sendFile(pathname: string, response: ServerResponse): void {
    for (const { channelId, attachments, snapshots } of this.state.messages.values()) {
      for (const attachment of [attachments, ...snapshots.map((snapshot) => snapshot.attachments)].flat()) {
        if (this.context.answers.attachmentPath(channelId, attachment) !== pathname) continue;
        const { contentType, data } = attachment;
        response.writeHead(200, { 'Content-Type': contentType, 'Content-Length': data.byteLength }).end(data);
        return;
      }
    }
    sendPage(response, 404);
  }
}

function notFound(violations: string[]): Refusal {
  return new Refusal(404, 0, '404: Not Found', undefined, violations);
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string>): void {
  if (status === 204) {
    response.writeHead(204, headers).end();
    return;
  }
  response.writeHead(status, { ...headers, 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

function sendRateLimited(response: ServerResponse, exceeded: Exceeded, headers: Record<string, string>): void {
  const { retryAfterMs, scope } = exceeded;
  const body = {
    message: 'You are being rate limited.',
    retry_after: retryAfterMs / 1_000,
    global: scope === 'global',
  };
  sendJson(response, 429, body, {
    ...headers,
    'Retry-After': wholeSeconds(retryAfterMs),
    'X-RateLimit-Scope': scope,
    ...(scope === 'global' && { 'X-RateLimit-Global': 'true' }),
  });
}

function wholeSeconds(ms: number): string {
  return String(Math.ceil(ms / 1_000));
}

/** Answers with an HTML page, like Discord's proxy. */
function sendPage(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...headers, 'Content-Type': 'text/html' }).end(`<html><body>${status}</body></html>`);
}

/** Undefined if the client disconnects before the end of the body. */
async function readRaw(request: IncomingMessage): Promise<Buffer<ArrayBuffer> | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}
