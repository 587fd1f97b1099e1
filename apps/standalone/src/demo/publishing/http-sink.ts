import type { EventHandover } from '#libs/broker';
import type { StatisticsContract } from '#libs/contracts';
import type { DemoEvent } from '../made-up-guild/demo-event.js';
import type { ModuleApi } from '../module-api.js';
import { RefusedEventError, type EventSink } from './event-sink.js';

/**
 * Hands statistics over by HTTP, for a system without a broker. Snapshots have no route, so they are handed over to the
 * ingestion service in this process.
 */
export class HttpSink implements EventSink {
  readonly concurrency = 200;

  constructor(
    private readonly api: ModuleApi,
    private readonly handover: EventHandover,
    private readonly contract: StatisticsContract,
  ) {}

  async send(event: DemoEvent): Promise<void> {
    const kind = this.contract.kind(event.name);
    if (kind === undefined) return this.handover.handOver(event);
    const { status, error } = await this.api.call('POST', kind.definition.recordPath, event.body);
    if (status < 400) return;
    const problem = `POST ${kind.definition.recordPath} answered ${status}: ${error.message}`;
    throw status >= 500 || status === 429 ? new Error(problem) : new RefusedEventError(problem);
  }

  async close(): Promise<void> {
    // Requests that are under way end with their deadline.
  }
}
