import { withDeadline } from '#libs/timing';

export interface ApiAnswer<T = unknown> {
  status: number;
  data: T;
  error: { name?: string; message?: string };
}

const ANSWER_TIMEOUT_MS = 10_000;

/** Calls the query service with a credential. */
export class ModuleApi {
  constructor(
    /** The URL of the query service. */
    readonly url: string,
    private readonly key: string,
  ) {}

  /** Calls a route of the module. @throws Error if there is no answer within 10 s */
  call<T = unknown>(method: string, route: string, body?: object): Promise<ApiAnswer<T>> {
    return this.callRoot(method, `modules/serverstats/${route}`, body);
  }

  /** As {@link call}, for routes that do not belong to the module. */
  async callRoot<T = unknown>(method: string, route: string, body?: object): Promise<ApiAnswer<T>> {
    return withDeadline({ what: `${method} ${route}`, ms: ANSWER_TIMEOUT_MS }, async (signal) => {
      const response = await fetch(`${this.url}/${route}`, {
        method,
        headers: {
          authorization: `Bearer ${this.key}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body && JSON.stringify(body),
        signal,
      });
      const { data, error } = (await response.json()) as Omit<ApiAnswer<T>, 'status'>;
      return { status: response.status, data, error };
    });
  }
}
