import { BrokerUnavailableError, type EventHandover, type OutgoingEvent } from '#libs/broker';
import { loadQueryConfig, type Environment } from '#libs/config';
import { createLogger } from '#libs/observability';
import { startQuery, type StartQueryOptions } from '../../apps/query/src/start-query.js';
import { ApiClient } from './api-client.js';
import { SERVICE_KEY } from './services.js';
import { waitFor } from './wait-for.js';

/** A replacement for the broker that records the events. */
export class RecordingHandover implements EventHandover {
  readonly events: OutgoingEvent[] = [];
  /** While set, all events are rejected with it. */
  failure?: Error;

  async handOver(event: OutgoingEvent): Promise<void> {
    await this.probe();
    this.events.push(event);
  }

  async probe(): Promise<void> {
    if (this.failure) throw this.failure;
  }

  async close(): Promise<void> {
    // There is nothing to close.
  }

  break(): void {
    this.failure = new BrokerUnavailableError('switched off by a test');
  }
}

export interface QueryInProcess {
  url: string;
  client: ApiClient;
  handover: RecordingHandover;
  /** All log lines, parsed. */
  log: Record<string, unknown>[];
  close(): Promise<void>;
}

/** Starts the query service in this process, on a free port, and waits until it is ready. */
export async function startQueryInProcess(
  databaseUrl: string,
  env: Environment = {},
  {
    connected = true,
    ...options
  }: { connected?: boolean } & Pick<StartQueryOptions, 'limits' | 'erasureTimeoutMs' | 'clock'> = {},
): Promise<QueryInProcess> {
  const handover = new RecordingHandover();
  const log: Record<string, unknown>[] = [];
  const config = loadQueryConfig(
    { DATABASE_URL: databaseUrl, SERVICE_KEY, QUERY_PORT: '0', ...env },
    { withoutBroker: true },
  );
  const logger = createLogger({ ...config.log, level: 'debug' }, 'query', {
    write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>),
  });
  const service = await startQuery(config, { handover, logger, ...options });
  if (connected) {
    await waitFor(async () => (await fetch(`${service.url}/readyz`)).status === 200, {
      what: 'the service to be ready',
    });
  }
  return { url: service.url, client: new ApiClient(service.url), handover, log, close: () => service.close() };
}
