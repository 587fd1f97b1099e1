import { parseSetCookie, stringifyCookie } from 'cookie';
import type { Answer } from './api-client.js';

/** Keeps cookies like a browser, and follows no redirects. */
export class Browser {
  readonly cookies = new Map<string, string>();

  /**
   * @param serviceUrl where the service listens
   * @param publicUrl the address that browsers know it by. @defaultValue `serviceUrl`
   */
  constructor(
    private readonly serviceUrl: string,
    private readonly publicUrl = serviceUrl,
  ) {}

  /** @param address a path, or an address that begins with the public URL */
  async open(address: string, init: RequestInit = {}): Promise<Response> {
    const path = address.startsWith(this.publicUrl) ? address.slice(this.publicUrl.length) : address;
    const response = await fetch(this.serviceUrl + path, {
      redirect: 'manual',
      ...init,
      headers: { cookie: stringifyCookie(Object.fromEntries(this.cookies)), ...(init.headers as object) },
    });
    for (const header of response.headers.getSetCookie()) {
      const { name, value = '', maxAge } = parseSetCookie(header);
      if (maxAge === 0) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  /** Sends a request as the dashboard does: JSON, with the CSRF token of the cookie. */
  async call<T = unknown>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const csrf = this.cookies.get('serverstats_csrf');
    const response = await this.open(path, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(csrf !== undefined && { 'x-csrf-token': csrf }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { ...((await response.json()) as Answer<T>), status: response.status, headers: response.headers };
  }

  /** Goes through the login with Discord. @returns where the service sends the browser at the end */
  async logInWithDiscord(returnTo?: string): Promise<string> {
    const search = returnTo === undefined ? '' : `?return_to=${encodeURIComponent(returnTo)}`;
    const atDiscord = (await this.open(`/auth/login${search}`)).headers.get('location')!;
    const back = (await fetch(atDiscord, { redirect: 'manual' })).headers.get('location')!;
    return (await this.open(back)).headers.get('location')!;
  }
}
