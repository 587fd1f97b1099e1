import { loadIngestionConfig } from '#libs/config';
import type { EventHandover } from '#libs/broker';
import { startIngestionInProcess } from '../../ingestion/src/start-ingestion.js';

/** The ingestion service without a broker: what is handed over to it is written when `handOver` resolves. */
export function startInProcessBroker(
  env: Record<string, string | undefined>,
): Promise<{ handover: EventHandover; close(): Promise<void> }> {
  return startIngestionInProcess(loadIngestionConfig(env, { withoutBroker: true }));
}
