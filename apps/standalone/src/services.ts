import type { EventHandover } from '#libs/broker';
import { type Environment, loadIngestionConfig, loadQueryConfig } from '#libs/config';
import type { RunningService } from '#libs/observability';
import { startIngestion, startIngestionInProcess } from '../../ingestion/src/start-ingestion.js';
import { startQuery } from '../../query/src/start-query.js';

export type OnServiceStarted = (name: string, service: RunningService) => void;

export interface RunningServices {
  /** The URL of the query service. */
  url: string;
  /** Hands events over to the ingestion service, if there is no broker. */
  handover?: EventHandover;
}

/** Starts both services; ingestion first, so that its queues exist. */
export async function startServices(env: Environment, onStarted: OnServiceStarted): Promise<RunningServices> {
  const ingestion = await startIngestion(loadIngestionConfig(env));
  onStarted('the ingestion service', ingestion);
  const query = await startQuery(loadQueryConfig(env));
  onStarted('the query service', query);
  return { url: query.url };
}

/**
 * As {@link startServices}, without RabbitMQ: the query service hands events over to the ingestion service by a call.
 */
export async function startServicesWithoutBroker(
  env: Environment,
  onStarted: OnServiceStarted,
): Promise<RunningServices> {
  const ingestion = await startIngestionInProcess(loadIngestionConfig(env, { withoutBroker: true }));
  onStarted('the ingestion service', ingestion);
  const query = await startQuery(loadQueryConfig(env, { withoutBroker: true }), { handover: ingestion.handover });
  onStarted('the query service', query);
  return { url: query.url, handover: ingestion.handover };
}
