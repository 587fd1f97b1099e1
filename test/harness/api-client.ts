import { SWITCH_NAMES } from '#libs/contracts';
import { SERVICE_KEY } from './services.js';

export interface Answer<T = unknown> {
  status: number;
  headers: Headers;
  success: boolean;
  data: T;
  error: { code?: number; name?: string; message?: string; fields?: { field: string; message: string }[] };
  page?: { next_cursor: string | null };
}

/** Calls routes of the module with the service key. */
export class ApiClient {
  /** The headers of a request with a JSON body. */
  static readonly headers = { authorization: `Bearer ${SERVICE_KEY}`, 'content-type': 'application/json' };

  constructor(private readonly baseUrl: string) {}

  get<T = unknown>(path: string, query: Record<string, string | number> = {}): Promise<Answer<T>> {
    const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
    return this.send('GET', `${path}?${search}`);
  }

  send<T = unknown>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    return this.request(`/modules/serverstats/${path}`, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  async request<T = unknown>(path: string, init: RequestInit = {}): Promise<Answer<T>> {
    const response = await fetch(this.baseUrl + path, {
      ...init,
      headers: { authorization: `Bearer ${SERVICE_KEY}`, ...(init.headers as Record<string, string>) },
    });
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    // A download has no envelope.
    const body: unknown = isJson
      ? await response.json()
      : { success: response.ok, data: await response.text(), error: {} };
    const envelope = body as Omit<Answer<T>, 'status' | 'headers'>;
    return { ...envelope, status: response.status, headers: response.headers };
  }

  /** Returns the body of a download. @throws Error if the response is not a download */
  async download(path: string): Promise<string> {
    const response = await fetch(`${this.baseUrl}/modules/serverstats/${path}`, {
      headers: { authorization: `Bearer ${SERVICE_KEY}` },
    });
    if (!response.headers.has('content-disposition')) throw new Error(await response.text());
    return response.text();
  }

  /** Reads all records of a view, page by page. */
  async walk<T = Record<string, unknown>>(path: string, query: Record<string, string | number>): Promise<T[]> {
    const records: T[] = [];
    for (let cursor: string | null | undefined = ''; cursor !== null && cursor !== undefined;) {
      const answer: Answer<T[]> = await this.get<T[]>(path, cursor === '' ? query : { ...query, cursor });
      if (!answer.success) throw new Error(JSON.stringify(answer.error));
      records.push(...answer.data);
      cursor = answer.page?.next_cursor;
    }
    return records;
  }

  /** Enables the module in the guild and switches everything on. */
  async openGuild(guildId: string, changes: Record<string, unknown> = {}): Promise<void> {
    const enabled = await this.send('POST', 'enable', { guild_id: guildId });
    const patched = await this.send('PATCH', 'settings', { guild_id: guildId, ...EVERY_SWITCH_ON, ...changes });
    if (!enabled.success || !patched.success) throw new Error(JSON.stringify([enabled.error, patched.error]));
  }
}

export const EVERY_SWITCH_ON: Readonly<Record<string, boolean>> = Object.fromEntries(
  SWITCH_NAMES.map((name) => [name, true]),
);
