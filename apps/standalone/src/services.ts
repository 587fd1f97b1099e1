import { type Environment, loadIngestionConfig, loadQueryConfig } from '#libs/config';
import type { RunningService } from '#libs/observability';
import { startIngestion, startIngestionInProcess } from '../../ingestion/src/start-ingestion.js';
import { startQuery } from '../../query/src/start-query.js';

export type OnServiceStarted = (name: string, service: RunningService) => void;

/** Starts both services, ingestion first, so that whatever is handed over finds its queues. Returns query's URL. */
export async function startServices(env: Environment, onStarted: OnServiceStarted): Promise<string> {
  const ingestion = await startIngestion(loadIngestionConfig(env));
  onStarted('the ingestion service', ingestion);
  const query = await startQuery(loadQueryConfig(env));
  onStarted('the query service', query);
  return query.url;
}

/** The same without RabbitMQ: what is handed over by HTTP goes to the ingestion service by a call. */
export async function startServicesWithoutBroker(env: Environment, onStarted: OnServiceStarted): Promise<string> {
  const ingestion = await startIngestionInProcess(loadIngestionConfig(env, { withoutBroker: true }));
  onStarted('the ingestion service', ingestion);
  const query = await startQuery(loadQueryConfig(env, { withoutBroker: true }), { handover: ingestion.handover });
  onStarted('the query service', query);
  return query.url;
}
