import { ApiClient } from './api-client.js';
import { Publisher } from './publisher.js';
import { startIngestionProcess, startQueryProcess, type ServiceEnvironment, type ServiceProcess } from './services.js';
import { claimVhost, type TestVhost } from './test-broker.js';
import { waitFor } from './wait-for.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** A database, a virtual host and the services of one test file; all of it ends with `close`. */
export class TestSystem {
  readonly services = new Set<ServiceProcess>();
  private readonly ingestions = new Set<ServiceProcess>();

  private constructor(
    readonly database: TestDatabase,
    readonly vhost: TestVhost,
  ) {}

  /** @param vhost @defaultValue one that no other test of this run has */
  static async create(vhost?: TestVhost): Promise<TestSystem> {
    return new TestSystem(await createTestDatabase(), vhost ?? (await claimVhost()));
  }

  async startIngestion(changes: Partial<ServiceEnvironment> = {}): Promise<ServiceProcess> {
    const service = await this.start(startIngestionProcess, changes);
    this.ingestions.add(service);
    return service;
  }

  /** How many events the ingestion services have dealt with, whatever became of them. */
  async eventsHandled(): Promise<number> {
    const counts = [...this.ingestions].map(async ({ url }) => {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      return [...metrics.matchAll(/^serverstats_events_total\{.*\} (\d+)$/gm)].map((match) => Number(match[1]));
    });
    return (await Promise.all(counts)).flat().reduce((sum, count) => sum + count, 0);
  }

  /** Resolves when all events up to this count are committed; a queue that is empty says nothing of what is held. */
  async untilHandled(count: number): Promise<void> {
    await waitFor(async () => (await this.eventsHandled()) >= count, { what: `${count} events to be handled` });
  }

  async startQuery(changes: Partial<ServiceEnvironment> = {}): Promise<{ api: ApiClient; service: ServiceProcess }> {
    const service = await this.start(startQueryProcess, changes);
    return { service, api: new ApiClient(service.url) };
  }

  /** Call it when a service has declared the topology. */
  connectPublisher(): Promise<Publisher> {
    return Publisher.connect(this.vhost.url);
  }

  async count(sql: string, parameters: unknown[] = []): Promise<number> {
    const rows = await this.database.query<{ count: string }>(`SELECT count(*) AS count FROM ${sql}`, parameters);
    return Number(rows[0]!.count);
  }

  /** A guild with these switches on, without the query service. */
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
