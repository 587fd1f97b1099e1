import fc from 'fast-check';
import { QUEUES } from '#libs/contracts';
import { systemClock } from '#libs/timing';
import { waitFor } from '../harness/wait-for.js';
import type { PrivateServers } from './private-servers.js';
import type { RunningServices } from './running-services.js';

export interface Scene {
  servers: PrivateServers;
  services: RunningServices;
  /** Runs while nothing is sent and no answer is awaited. */
  whileNothingIsSent: (work: () => Promise<void>) => Promise<void>;
}

/** What a fault disturbs. Faults that coincide disturb different things. */
type Area = 'ingestion' | 'query' | 'database' | 'broker' | 'everything';

interface Fault {
  area: Area;
  /** Resolves when it is over. @param instance which of two services */
  run(scene: Scene, instance: number): Promise<void>;
}

/** How long something is away, in milliseconds. */
const AWAY_MS = 2_000;
/** Longer than two heartbeats and what the broker allows on top. */
const BEYOND_HEARTBEAT_MS = 4_000;
const MOST_AT_ONCE = 4;

const wait = (ms: number) => systemClock.sleep(ms);

const FAULTS: Record<string, Fault> = {
  'ingestion is killed': { area: 'ingestion', run: ({ services }, n) => services.replace('ingestion', n) },
  'ingestion is stopped in order': { area: 'ingestion', run: ({ services }, n) => stopInOrder(services, n) },
  'ingestion is frozen beyond the heartbeat': {
    area: 'ingestion',
    run: ({ services }, n) => services.freeze('ingestion', n, () => wait(BEYOND_HEARTBEAT_MS)),
  },
  'query is killed': { area: 'query', run: ({ services }, n) => services.replace('query', n) },
  'query is frozen': {
    area: 'query',
    run: ({ services }, n) => services.freeze('query', n, () => wait(BEYOND_HEARTBEAT_MS)),
  },
  'Postgres connections are cut': { area: 'database', run: ({ servers }) => servers.cutDatabaseConnections() },
  'Postgres is killed and started': {
    area: 'database',
    async run({ servers }) {
      await servers.killPostgres();
      await wait(AWAY_MS);
      await servers.startPostgres();
    },
  },
  'the database is read-only': {
    area: 'database',
    async run({ servers }) {
      await servers.query('ALTER DATABASE serverstats SET default_transaction_read_only = on');
      await servers.cutDatabaseConnections();
      await wait(AWAY_MS);
      await servers.query('START TRANSACTION READ WRITE; ALTER DATABASE serverstats RESET ALL; COMMIT');
      await servers.cutDatabaseConnections();
    },
  },
  'the database is full': {
    area: 'database',
    async run({ servers }) {
      await servers.query(`
        CREATE OR REPLACE FUNCTION refuse_as_full() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON statistic_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_as_full()`);
      await wait(AWAY_MS);
      await servers.query('DROP TRIGGER full_disk ON statistic_events');
    },
  },
  'RabbitMQ is killed and started': {
    area: 'broker',
    async run({ servers }) {
      await servers.killBroker();
      await wait(AWAY_MS);
      await servers.startBroker();
    },
  },
  'RabbitMQ closes every connection': {
    area: 'broker',
    run: async ({ servers }) => void (await servers.control('close_all_connections', 'the gate closes it')),
  },
  'RabbitMQ loses every channel': {
    area: 'broker',
    run: async ({ servers }) =>
      void (await servers.control('eval', '[exit(P, kill) || P <- rabbit_channel:list_local()].')),
  },
  'RabbitMQ is low on memory': {
    area: 'broker',
    async run({ servers }) {
      await servers.control('set_vm_memory_high_watermark', 'absolute', '1000000');
      await wait(AWAY_MS);
      await servers.control('set_vm_memory_high_watermark', '0.9');
    },
  },
  'the queue of statistics is deleted, and its consumers with it': {
    area: 'everything',
    run: ({ servers, services, whileNothingIsSent }) =>
      whileNothingIsSent(async () => {
        await services.untilReady();
        await waitFor(async () => (await servers.queueDepths())[QUEUES.statistics] === 0, {
          what: 'an empty queue of statistics',
          timeoutMs: 60_000,
          intervalMs: 200,
        });
        await servers.control('delete_queue', '--if-empty', '--vhost', 'gate', QUEUES.statistics);
        await waitFor(async () => (await servers.queueDepths())[QUEUES.statistics] === 0, {
          what: 'the queue of statistics to be declared again',
          timeoutMs: 60_000,
          intervalMs: 200,
        });
        await services.untilReady();
      }),
  },
};

async function stopInOrder(services: RunningServices, instance: number): Promise<void> {
  const code = await services.restart('ingestion', instance);
  if (code !== 0) throw new Error(`ingestion ended with ${code} on SIGTERM`);
}

/** One fault, or several at once. */
export interface Step {
  name: string;
  run(scene: Scene): Promise<void>;
}

/** Every fault once, in an order that the seed decides, some of them at once. */
export function schedule(seed: number): Step[] {
  const names = Object.keys(FAULTS);
  const length = { minLength: names.length, maxLength: names.length };
  const choices = fc.record({
    order: fc.shuffledSubarray(names, length),
    instances: fc.array(fc.nat(1), length),
    sizes: fc.array(fc.integer({ min: 1, max: MOST_AT_ONCE }), length),
  });
  const { order, instances, sizes } = fc.sample(choices, { seed, numRuns: 1 })[0]!;
  const left = order.map((name, index) => ({ name, instance: instances[index]!, fault: FAULTS[name]! }));
  const steps: Step[] = [];
  for (let first = left.shift(); first !== undefined; first = left.shift()) {
    const together = [first];
    while (together.length < sizes[left.length]!) {
      const other = left.findIndex(({ fault }) => together.every((one) => mayCoincide(one.fault.area, fault.area)));
      if (other < 0) break;
      together.push(...left.splice(other, 1));
    }
    steps.push({
      name: together.map(({ name }) => name).join(', and '),
      run: async (scene) => void (await Promise.all(together.map(({ fault, instance }) => fault.run(scene, instance)))),
    });
  }
  return steps;
}

function mayCoincide(one: Area, other: Area): boolean {
  return one !== other && one !== 'everything' && other !== 'everything';
}
