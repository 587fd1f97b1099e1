import type { EventHandover } from '#libs/broker';
import { loadIngestionConfig, loadQueryConfig, type Environment } from '#libs/config';
import type { CounterTypes } from '#libs/contracts';
import type { RunningService } from '#libs/observability';
import type { Clock } from '#libs/timing';
import { startIngestionInProcess } from '../../apps/ingestion/src/start-ingestion.js';
import { startQuery } from '../../apps/query/src/start-query.js';
import { ApiClient } from './api-client.js';
import { SERVICE_KEY } from './services.js';
import { waitFor } from './wait-for.js';

export interface ServicesInProcessOptions {
  database: { url: string };
  /** The test double of Discord. */
  discord: { url: string; token: string };
  clock: Clock;
  /** @defaultValue the catalogue of counters */
  counterTypes?: CounterTypes;
  /** Instances of the ingestion service. @defaultValue 1 */
  ingestions?: number;
  /** Additional environment variables. */
  env?: Environment;
}

/** Both services in the test process, without a broker. Events go to the first ingestion service. */
export interface ServicesInProcess {
  ingestion: RunningService;
  query: RunningService;
  handover: EventHandover;
  api: ApiClient;
  close(): Promise<void>;
}

/** Starts the services and waits until all are ready. */
export async function startServicesInProcess(options: ServicesInProcessOptions): Promise<ServicesInProcess> {
  const { database, discord, clock, counterTypes, ingestions: count = 1, env } = options;
  const variables = {
    DATABASE_URL: database.url,
    SERVICE_KEY,
    QUERY_PORT: '0',
    INGESTION_PORT: '0',
    LOG_LEVEL: 'fatal',
    DISCORD_TOKEN: discord.token,
    DISCORD_API_URL: discord.url,
    ...env,
  };
  const config = loadIngestionConfig(variables, { withoutBroker: true });
  const starting = Array.from({ length: count }, () => startIngestionInProcess(config, { clock, counterTypes }));
  const [ingestion, ...others] = await Promise.all(starting);
  const { handover } = ingestion!;
  const queryConfig = loadQueryConfig(variables, { withoutBroker: true });
  const query = await startQuery(queryConfig, { clock, counterTypes, handover });
  const services = [query, ingestion!, ...others];
  for (const { url } of services) {
    await waitFor(async () => (await fetch(`${url}/readyz`)).status === 200, { what: `${url} to be ready` });
  }
  return {
    ingestion: ingestion!,
    query,
    handover,
    api: new ApiClient(query.url),
    close: async () => {
      // The query service first, because it hands events over to ingestion.
      for (const service of services) await service.close();
    },
  };
}
