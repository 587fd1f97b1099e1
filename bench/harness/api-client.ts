import { Agent, request } from 'node:http';

/** Calls the query service on one keep-alive connection. */
export class ApiClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(
    private readonly serviceUrl: string,
    private readonly key: string,
  ) {}

  /** @param path relative to the module's prefix @throws Error if the status is not 200 */
  async get<T>(path: string): Promise<T> {
    const { status, body } = await this.exchange(path);
    if (status !== 200) throw new Error(`${path} was answered ${status}: ${body}`);
    return JSON.parse(body) as T;
  }

  close(): void {
    this.agent.destroy();
  }

  private exchange(path: string): Promise<{ status: number; body: string }> {
    const url = `${this.serviceUrl}/modules/serverstats/${path}`;
    const headers = { authorization: `Bearer ${this.key}` };
    return new Promise((resolve, reject) => {
      const sent = request(url, { agent: this.agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode!, body: Buffer.concat(chunks).toString() }));
      });
      sent.on('error', reject);
      sent.end();
    });
  }
}
