import { readFile } from 'node:fs/promises';
import { spreadOf, type Spread } from '../harness/rounds.js';

const EVERY_MS = 100;
const BYTES_A_KB = 1024;

/** Samples what a process holds of the memory, as Linux tells it. */
export class ResidentMemory {
  private samples: number[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly pid: number) {
    this.timer = setInterval(() => void this.sample(), EVERY_MS);
  }

  /** Megabytes since the last time this was asked. */
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
    if (resident !== undefined) this.samples.push((Number(resident) * BYTES_A_KB) / 1e6);
  }
}
