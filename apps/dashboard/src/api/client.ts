import { t } from '../texts/en.js';
import { csrfToken } from './session.js';

interface Failure {
  status: number;
  name: string;
  message: string;
  requestId?: string | null;
}

/** An error response, or no response (status 0). */
export class ApiError extends Error {
  readonly status: number;
  override readonly name: string;
  /** The log of the service has the details for this id. */
  readonly requestId: string | null;

  constructor({ status, name, message, requestId = null }: Failure) {
    super(message);
    this.status = status;
    this.name = name;
    this.requestId = requestId;
  }

  /** Whether the same request can succeed later. */
  get isRetriable(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export interface Answer<T> {
  data: T;
  page?: { next_cursor: string | null };
}

interface Envelope<T> extends Answer<T> {
  success: boolean;
  error: Partial<Failure>;
}

export type Query = Readonly<Record<string, string>>;

/** How long a request may take, in milliseconds. */
const TIMEOUT_MS = 30_000;
const MODULE = '/v1/modules/serverstats';
const ROOT_PATHS = /^\/(?:auth|directory)(?:\/|$)/;

/** The address of a route: `/auth` and `/directory` are at the root, all others are routes of the module. */
export function addressOf(path: string, query: Query = {}): string {
  const search = new URLSearchParams(query).toString();
  return `${ROOT_PATHS.test(path) ? '' : MODULE}${path}${search === '' ? '' : `?${search}`}`;
}

/** @throws ApiError */
export function get<T>(path: string, query: Query, signal?: AbortSignal): Promise<Answer<T>> {
  return send(addressOf(path, query), { signal });
}

/** @throws ApiError */
export function post<T>(path: string, body: object): Promise<Answer<T>> {
  const headers = { 'content-type': 'application/json', 'x-csrf-token': csrfToken() ?? '' };
  return send(addressOf(path), { method: 'POST', headers, body: JSON.stringify(body) });
}

async function send<T>(address: string, init: RequestInit): Promise<Answer<T>> {
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  const signal = init.signal ? AbortSignal.any([init.signal, deadline]) : deadline;
  let response: Response;
  let body: Envelope<T> | null;
  try {
    response = await fetch(address, { ...init, signal });
    body = await (response.json() as Promise<Envelope<T>>).catch(() => null);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError({ status: 0, name: 'Unreachable', message: t.error.unreachable });
  }
  if (body?.success) return body;
  const { name = 'Unknown', message = t.error.unknown(response.status) } = body?.error ?? {};
  throw new ApiError({
    status: response.status,
    name,
    message,
    requestId: response.headers.get('x-request-id'),
  });
}
