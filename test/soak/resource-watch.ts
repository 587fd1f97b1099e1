import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Metrics } from '../harness/metrics.js';
import type { ServiceProcess } from '../harness/services.js';

/** What a process holds. */
export interface Resources {
  /** In megabytes. */
  resident: number;
  /** Used by JavaScript objects, in megabytes. */
  heap: number;
  /** Open files and sockets. */
  handles: number;
  postgresConnections: number;
  brokerConnections: number;
}

/** The lowest values of one part of the time. A leak raises them; what comes and goes does not. */
export type Period = 'start' | 'middle' | 'end';

export interface ServerPorts {
  postgres: number;
  broker: number;
}

const PERIODS: readonly Period[] = ['start', 'middle', 'end'];
/** The first part of the time is not judged: caches and pools fill, and code is compiled. */
const WARM_UP = 1 / 4;
const BYTES_PER_MB = 1e6;

/** Watches what the processes of services hold. Needs Linux's /proc. */
export class ResourceWatch {
  private readonly samples = new Map<string, Resources[]>();
  private readonly stopping = new AbortController();
  private readonly watching: Promise<unknown>;

  constructor(
    services: Readonly<Record<string, ServiceProcess>>,
    private readonly ports: ServerPorts,
    private readonly intervalMs: number,
  ) {
    this.watching = Promise.all(Object.entries(services).map(([name, service]) => this.watch(name, service)));
  }

  /** @returns for each service, the lowest values of each period */
  async stop(): Promise<Record<string, Record<Period, Resources>>> {
    this.stopping.abort();
    await this.watching;
    return Object.fromEntries([...this.samples].map(([name, samples]) => [name, periodsOf(samples)]));
  }

  private async watch(name: string, service: ServiceProcess): Promise<void> {
    const samples: Resources[] = [];
    this.samples.set(name, samples);
    while (!this.stopping.signal.aborted) {
      samples.push(await this.sample(service));
      await sleep(this.intervalMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private async sample(service: ServiceProcess): Promise<Resources> {
    const metrics = await Metrics.of(service);
    const pid = service.child.pid!;
    const handles = await handlesOf(pid);
    return {
      resident: metrics.value('serverstats_process_resident_memory_bytes')! / BYTES_PER_MB,
      heap: metrics.value('serverstats_nodejs_heap_size_used_bytes')! / BYTES_PER_MB,
      handles: handles.length,
      postgresConnections: await countConnections(pid, handles, this.ports.postgres),
      brokerConnections: await countConnections(pid, handles, this.ports.broker),
    };
  }
}

function periodsOf(samples: readonly Resources[]): Record<Period, Resources> {
  const warmUp = Math.floor(samples.length * WARM_UP);
  const length = Math.floor((samples.length - warmUp) / PERIODS.length);
  if (length === 0) throw new Error(`${samples.length} samples are too few`);
  const periods = PERIODS.map((period, index) => {
    const from = warmUp + index * length;
    return [period, lowest(samples.slice(from, from + length))] as const;
  });
  return Object.fromEntries(periods) as Record<Period, Resources>;
}

function lowest(samples: readonly Resources[]): Resources {
  const least = (resource: keyof Resources) => Math.min(...samples.map((sample) => sample[resource]));
  return {
    resident: least('resident'),
    heap: least('heap'),
    handles: least('handles'),
    postgresConnections: least('postgresConnections'),
    brokerConnections: least('brokerConnections'),
  };
}

/** What each open handle of a process is, such as `socket:[4711]`. */
async function handlesOf(pid: number): Promise<string[]> {
  const directory = `/proc/${pid}/fd`;
  const handles = await Promise.all(
    // A handle may be closed before it is read.
    (await readdir(directory)).map((handle) => readlink(`${directory}/${handle}`).catch(() => undefined)),
  );
  return handles.filter((handle) => handle !== undefined);
}

/** The connections of a process to this port. */
async function countConnections(pid: number, handles: readonly string[], port: number): Promise<number> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((table) => readFile(`/proc/${pid}/net/${table}`, 'utf8')));
  const inodes = new Set(tables.flatMap((table) => inodesOfPort(table, port)));
  return handles.filter((handle) => inodes.has(/^socket:\[(\d+)\]$/.exec(handle)?.[1])).length;
}

/** Each row has a remote address such as `0100007F:1538` in the third column, and the inode in the tenth. */
function inodesOfPort(table: string, port: number): (string | undefined)[] {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  return rows.filter((columns) => columns[2]?.endsWith(ending)).map((columns) => columns[9]);
}
