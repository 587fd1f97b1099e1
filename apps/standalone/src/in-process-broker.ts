import { loadIngestionConfig, type Environment } from '#libs/config';
import { startIngestionInProcess } from '../../ingestion/src/start-ingestion.js';

/** The ingestion service without a broker: what is handed over to it is written when `handOver` resolves. */
export function startInProcessBroker(env: Environment): ReturnType<typeof startIngestionInProcess> {
  return startIngestionInProcess(loadIngestionConfig(env, { withoutBroker: true }));
}
