import { Counter, Gauge, type Registry } from 'prom-client';
import type { HealthChecks } from './health-checks.js';
import { METRIC_PREFIX } from './metrics-registry.js';

/** The use of a connection pool. */
export interface PoolUse {
  used: number;
  idle: number;
  /** Requests that wait for a connection. */
  waiting: number;
}

/** Numbers of messages by queue. A queue whose number is not known is missing. */
export type MessagesByQueue = ReadonlyMap<string, number>;

export interface QueueSources {
  /** Messages that wait in the broker. */
  ready: () => Promise<MessagesByQueue>;
  /** Messages that this instance holds. Missing in a service that consumes nothing. */
  unacknowledged?: () => MessagesByQueue;
}

/** Connections of the pool to Postgres, read with every scrape. */
export function measurePool(registry: Registry, readUse: () => PoolUse): void {
  new Gauge({
    name: `${METRIC_PREFIX}database_pool_connections`,
    help: 'Connections to Postgres by state: used, idle',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { used, idle } = readUse();
      this.set({ state: 'used' }, used);
      this.set({ state: 'idle' }, idle);
    },
  });
  new Gauge({
    name: `${METRIC_PREFIX}database_pool_waiting`,
    help: 'Requests that wait for a connection to Postgres',
    registers: [registry],
    collect() {
      this.set(readUse().waiting);
    },
  });
}

/** Readiness and its checks, as `/readyz` answers them. */
export function measureReadiness(registry: Registry, health: HealthChecks): void {
  new Gauge({
    name: `${METRIC_PREFIX}ready`,
    help: 'Whether this instance can do its work now, as /readyz says: 1 or 0',
    registers: [registry],
    async collect() {
      const { status } = await health.readiness();
      this.set(status === 'ready' ? 1 : 0);
    },
  });
  new Gauge({
    name: `${METRIC_PREFIX}check_ok`,
    help: 'Whether a check of /readyz is ok (1), or failed or degraded (0)',
    // The few checks of a service.
    labelNames: ['check'],
    registers: [registry],
    async collect() {
      const { checks } = await health.readiness();
      for (const [check, { status }] of Object.entries(checks)) this.set({ check }, status === 'ok' ? 1 : 0);
    },
  });
}

/** Depth of the queues. While the broker cannot be asked, the numbers that come from it are missing. */
export function measureQueues(registry: Registry, { ready, unacknowledged }: QueueSources): void {
  new Gauge({
    name: `${METRIC_PREFIX}queue_messages`,
    help: 'Messages by queue and state: ready (in the broker, asked every 5 s at most), unacknowledged (held by this instance)',
    // The four queues and two states.
    labelNames: ['queue', 'state'],
    registers: [registry],
    async collect() {
      const counts = await ready();
      this.reset();
      for (const [queue, messages] of counts) this.set({ queue, state: 'ready' }, messages);
      for (const [queue, messages] of unacknowledged?.() ?? []) this.set({ queue, state: 'unacknowledged' }, messages);
    },
  });
}

/** @returns a function to call after each reconnect */
export function countReconnects(registry: Registry): () => void {
  const reconnects = new Counter({
    name: `${METRIC_PREFIX}broker_reconnects_total`,
    help: 'Reconnects to RabbitMQ',
    registers: [registry],
  });
  return () => reconnects.inc();
}

/** @returns a function to call for each request to Discord, with the status of the answer if there is one */
export function countDiscordCalls(registry: Registry): (route: string, status?: number) => void {
  const calls = new Counter({
    name: `${METRIC_PREFIX}discord_calls_total`,
    help: 'Requests to Discord by route, such as "PATCH /channels/:id", and status of the answer ("none": no answer)',
    // About 20 routes, with every id replaced, and the statuses that Discord uses.
    labelNames: ['route', 'status'],
    registers: [registry],
  });
  return (route, status) => calls.inc({ route, status: status ?? 'none' });
}
