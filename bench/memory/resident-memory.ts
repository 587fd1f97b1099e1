import { readFile } from 'node:fs/promises';
import { spreadOf, type Spread } from '../harness/rounds.js';

const SAMPLE_INTERVAL_MS = 100;
const BYTES_PER_KB = 1024;

/** Samples the resident memory of a process from Linux's /proc. */
export class ResidentMemory {
  private samples: number[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly pid: number) {
    this.timer = setInterval(() => void this.sample(), SAMPLE_INTERVAL_MS);
  }

  /** The samples since the last call, in megabytes. */
  async take(): Promise<Spread> {
    await this.sample();
    const { samples } = this;
    this.samples = [];
    return spreadOf(samples);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async sample(): Promise<void> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8').catch(() => '');
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    if (resident !== undefined) this.samples.push((Number(resident) * BYTES_PER_KB) / 1e6);
  }
}
