import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Metrics } from '../harness/metrics.js';
import { startIngestionProcess, startQueryProcess, type ServiceProcess } from '../harness/services.js';
import { waitFor } from '../harness/wait-for.js';

type ServiceName = 'ingestion' | 'query';

const START = { ingestion: startIngestionProcess, query: startQueryProcess };
/** Of a machine that is busy with everything else. */
const START_LIMIT_MS = 300_000;
/** What a service promises. */
const STOP_LIMIT_MS = 15_000;

export interface Instance {
  name: ServiceName;
  service: ServiceProcess;
}

export interface StartOptions {
  /** A checkout that is built. @defaultValue this one */
  checkout?: string;
  env?: Record<string, string>;
}

/** The instances of both services, as an operator starts and stops them. */
export class Fleet {
  private readonly instances = new Set<Instance>();
  private readonly all: Instance[] = [];
  /** What the balancer in front of the query instances knows. */
  private readonly balanced = new Set<string>();

  constructor(
    private readonly databaseUrl: string,
    private readonly brokerUrl: string,
  ) {}

  queryUrls = (): readonly string[] => [...this.balanced];

  /** Resolves when the instance is ready and, if it is one of query, is in the balancer. */
  async add(name: ServiceName, { checkout, env }: StartOptions = {}): Promise<Instance> {
    const { databaseUrl, brokerUrl } = this;
    const program = checkout === undefined ? undefined : await startedProgram(name, checkout);
    const where = { databaseUrl, brokerUrl, directory: checkout, program };
    const service = await START[name]({ ...where, env, startTimeoutMs: START_LIMIT_MS });
    process.stderr.write(`${name} started\n`);
    const instance = { name, service };
    this.instances.add(instance);
    this.all.push(instance);
    if (name === 'query') this.balanced.add(service.url);
    return instance;
  }

  /** Takes it out of the balancer, sends SIGTERM and waits for the end. @throws Error if it is not orderly */
  async remove(instance: Instance): Promise<void> {
    const { name, service } = instance;
    this.balanced.delete(service.url);
    if (name === 'ingestion') await this.expectNoDuplicates(service);
    const began = performance.now();
    const code = await service.stop();
    const tookMs = Math.round(performance.now() - began);
    this.instances.delete(instance);
    process.stderr.write(`${name} ended with ${code} after ${tookMs} ms\n`);
    if (code !== 0) throw new Error(`${name} ended with ${code}: ${service.output().slice(-2_000)}`);
    if (tookMs > STOP_LIMIT_MS) throw new Error(`${name} took ${tookMs} ms to end`);
  }

  /** Waits until an ingestion instance has stored this many events more. */
  async untilStores({ service }: Instance, count: number): Promise<void> {
    const stored = () => eventsOf(service, 'stored');
    const before = await stored();
    await waitFor(async () => (await stored()) >= before + count, {
      what: `${count} events to be stored by an instance`,
      timeoutMs: START_LIMIT_MS,
      intervalMs: 200,
    });
  }

  /** Every event is sent once, so a duplicate is a committed event that was delivered again. */
  async expectNoDuplicatesAnywhere(): Promise<void> {
    for (const { name, service } of this.instances) {
      if (name === 'ingestion') await this.expectNoDuplicates(service);
    }
  }

  /** The warnings and errors in the logs of all instances, also of those that were removed. */
  troubles(): string[] {
    const lines = this.all.flatMap(({ service }) => service.output().split('\n'));
    return lines.filter((line) => /"level":"(?:warn|error|fatal)"/.test(line));
  }

  async kill(): Promise<void> {
    await Promise.all([...this.instances].map(({ service }) => service.kill()));
  }

  private async expectNoDuplicates(service: ServiceProcess): Promise<void> {
    const count = await eventsOf(service, 'duplicate');
    if (count > 0) throw new Error(`${count} committed events were delivered again`);
  }
}

async function eventsOf(service: ServiceProcess, outcome: string): Promise<number> {
  return (await Metrics.of(service)).value('serverstats_events_total', { outcome }) ?? 0;
}

/** The file that `npm run start:…` of a checkout gives to Node. */
async function startedProgram(name: ServiceName, checkout: string): Promise<string> {
  const { scripts } = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  return scripts[`start:${name}`]!.split(' ').at(-1)!;
}
