import { ApiClient } from './api-client.js';
import { Publisher } from './publisher.js';
import { startIngestionProcess, startQueryProcess, type ServiceEnvironment, type ServiceProcess } from './services.js';
import { claimVhost, type TestVhost } from './test-broker.js';
import { waitFor } from './wait-for.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** A busy machine takes its time for hundreds of thousands. */
const HANDLING_MS = 45_000;

/** The database, the virtual host and the services of a test file. `close` releases all of them. */
export class TestSystem {
  readonly services = new Set<ServiceProcess>();
  private readonly ingestions = new Set<ServiceProcess>();

  private constructor(
    readonly database: TestDatabase,
    readonly vhost: TestVhost,
  ) {}

  /** @param vhost @defaultValue a new one */
  static async create(vhost?: TestVhost): Promise<TestSystem> {
    return new TestSystem(await createTestDatabase(), vhost ?? (await claimVhost()));
  }

  async startIngestion(changes: Partial<ServiceEnvironment> = {}): Promise<ServiceProcess> {
    const service = await this.start(startIngestionProcess, changes);
    this.ingestions.add(service);
    return service;
  }

  /** The number of events that the ingestion services have handled, with any outcome. */
  async eventsHandled(): Promise<number> {
    const counts = [...this.ingestions].map(async ({ url }) => {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      return [...metrics.matchAll(/^serverstats_events_total\{.*\} (\d+)$/gm)].map((match) => Number(match[1]));
    });
    return (await Promise.all(counts)).flat().reduce((sum, count) => sum + count, 0);
  }

  /**
   * Waits until this number of events is handled. An empty queue is not sufficient, because a service may hold events.
   */
  async untilHandled(count: number): Promise<void> {
    await waitFor(async () => (await this.eventsHandled()) >= count, {
      what: `${count} events to be handled`,
      timeoutMs: HANDLING_MS,
    });
  }

  async startQuery(changes: Partial<ServiceEnvironment> = {}): Promise<{ api: ApiClient; service: ServiceProcess }> {
    const service = await this.start(startQueryProcess, changes);
    return { service, api: new ApiClient(service.url) };
  }

  /** Call it after a service has declared the queues. */
  connectPublisher(): Promise<Publisher> {
    return Publisher.connect(this.vhost.url);
  }

  async count(sql: string, parameters: unknown[] = []): Promise<number> {
    const rows = await this.database.query<{ count: string }>(`SELECT count(*) AS count FROM ${sql}`, parameters);
    return Number(rows[0]!.count);
  }

  /** Enables a guild with these switches directly in the database. */
  async openGuild(guildId: string, switches: readonly string[]): Promise<void> {
    await this.database.query(
      `INSERT INTO guild_settings
         (guild_id, enabled, enabled_at, updated_at, switches, counter_panel_enabled, starboard_enabled)
       VALUES ($1, true, now() - interval '1 hour', now(), $2, false, false)`,
      [guildId, switches],
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.services].map((service) => service.kill()));
    await this.vhost.release();
    await this.database.release();
  }

  private async start(
    start: (environment: ServiceEnvironment) => Promise<ServiceProcess>,
    changes: Partial<ServiceEnvironment>,
  ): Promise<ServiceProcess> {
    const service = await start({ databaseUrl: this.database.url, brokerUrl: this.vhost.url, ...changes });
    this.services.add(service);
    return service;
  }
}
