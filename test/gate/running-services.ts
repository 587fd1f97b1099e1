import { existsSync, readFileSync } from 'node:fs';
import { startIngestionProcess, startQueryProcess, type ServiceProcess } from '../harness/services.js';
import { waitFor } from '../harness/wait-for.js';
import type { PrivateServers } from './private-servers.js';

export type ServiceName = 'ingestion' | 'query';

const READY_MS = 120_000;
const START = { ingestion: startIngestionProcess, query: startQueryProcess };

/** Two instances of each service. One that is killed is replaced. */
export class RunningServices {
  private readonly instances: Record<ServiceName, ServiceProcess[]> = { ingestion: [], query: [] };

  private constructor(private readonly servers: PrivateServers) {}

  static async start(servers: PrivateServers): Promise<RunningServices> {
    const services = new RunningServices(servers);
    try {
      const startTwo = async (name: ServiceName) => {
        for (const _ of [0, 1]) services.instances[name].push(await services.startOne(name));
      };
      await Promise.all([startTwo('ingestion'), startTwo('query')]);
      await services.untilReady();
      return services;
    } catch (error) {
      await services.kill();
      throw error;
    }
  }

  urls(name: ServiceName): string[] {
    return this.instances[name].map(({ url }) => url);
  }

  /** SIGKILL, and another one in its place. */
  async replace(name: ServiceName, index: number): Promise<void> {
    await this.instances[name][index]!.kill();
    this.instances[name][index] = await this.startOne(name);
  }

  /** SIGTERM, and another one in its place. @returns the exit code */
  async restart(name: ServiceName, index: number): Promise<number | null> {
    const code = await this.instances[name][index]!.stop();
    this.instances[name][index] = await this.startOne(name);
    return code;
  }

  /** Lets the process do nothing while `during` runs. */
  async freeze(name: ServiceName, index: number, during: () => Promise<void>): Promise<void> {
    const { child } = this.instances[name][index]!;
    child.kill('SIGSTOP');
    try {
      await during();
    } finally {
      child.kill('SIGCONT');
    }
  }

  /** Those that have ended by themselves, with what they wrote last. */
  dead(): string[] {
    const all = Object.values(this.instances).flat();
    return all.filter(({ child }) => child.exitCode !== null).map((service) => service.output().slice(-2_000));
  }

  /** What each process takes, for people; empty where the system does not tell. */
  memory(): string {
    const all = Object.entries(this.instances).flatMap(([name, of]) =>
      of.map(({ child }) => ({ name, pid: child.pid })),
    );
    if (!existsSync('/proc')) return '';
    return all.map(({ name, pid }) => `${name} ${residentMegabytes(pid!)} MB`).join(', ');
  }

  async untilReady(): Promise<void> {
    const urls = Object.values(this.instances)
      .flat()
      .map(({ url }) => url);
    const isReady = async (url: string) => (await fetch(`${url}/readyz`)).status === 200;
    await waitFor(async () => (await Promise.all(urls.map(isReady))).every(Boolean), {
      what: 'every service to be ready',
      timeoutMs: READY_MS,
      intervalMs: 200,
    });
  }

  async kill(): Promise<void> {
    const all = Object.values(this.instances).flat();
    for (const { child } of all) child.kill('SIGCONT');
    await Promise.all(all.map((service) => service.kill()));
  }

  /** Resolves when it listens: its database or broker may be away. */
  private async startOne(name: ServiceName): Promise<ServiceProcess> {
    const { databaseUrl, watchedBrokerUrl } = this.servers;
    return START[name]({ databaseUrl, brokerUrl: watchedBrokerUrl, listening: true });
  }
}

function residentMegabytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1024);
}
