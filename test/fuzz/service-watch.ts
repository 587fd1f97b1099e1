import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceProcess } from '../harness/services.js';

const INTERVAL_MS = 200;
const TIMEOUT_MS = 10_000;

/** Checks that processes stay alive, are ready and log no errors. */
export class ServiceWatch {
  /** Descriptions of what was wrong. */
  readonly mistakes: string[] = [];
  probes = 0;
  private readonly ended = new AbortController();
  private readonly watching: Promise<void>;

  constructor(private readonly services: Readonly<Record<string, ServiceProcess>>) {
    for (const [name, { child }] of Object.entries(services)) {
      for (const stream of [child.stdout!, child.stderr!]) this.readLines(name, stream);
    }
    this.watching = this.watch();
  }

  async stop(): Promise<void> {
    this.ended.abort();
    await this.watching;
  }

  private async watch(): Promise<void> {
    while (!this.ended.signal.aborted) {
      await Promise.all(Object.entries(this.services).map(([name, service]) => this.probe(name, service)));
      await sleep(INTERVAL_MS, undefined, { signal: this.ended.signal }).catch(() => undefined);
    }
  }

  private async probe(name: string, { url, child }: ServiceProcess): Promise<void> {
    this.probes++;
    if (child.exitCode !== null || child.signalCode !== null) {
      this.mistakes.push(`${name} has ended with ${child.exitCode ?? child.signalCode}`);
      this.ended.abort();
      return;
    }
    try {
      const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      const body = await response.text();
      if (response.status !== 200) this.mistakes.push(`${name} is not ready: ${body}`);
    } catch (error) {
      this.mistakes.push(`${name} does not answer /readyz: ${(error as Error).message}`);
    }
  }

  private readLines(name: string, stream: NodeJS.ReadableStream): void {
    let rest = '';
    stream.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop()!;
      for (const line of lines) if (isAlarming(line)) this.mistakes.push(`${name} logs ${line}`);
    });
  }
}

/** A line that is not a log line belongs to a crash. */
function isAlarming(line: string): boolean {
  return !/^\{"level":"(?:trace|debug|info|warn)"/.test(line);
}
