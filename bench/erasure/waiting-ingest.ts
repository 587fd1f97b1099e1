import type { DataSource } from 'typeorm';
import { lockStripesShared } from '#libs/database';

/** Repeatedly takes the stripe lock like an ingesting transaction, and measures how long it waits. */
export class WaitingIngest {
  /** Milliseconds. */
  readonly waits: number[] = [];
  private isRunning = true;
  private readonly running: Promise<void>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly guildId: string,
  ) {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.isRunning = false;
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.isRunning) {
      await this.dataSource.transaction(async (manager) => {
        const startedAt = performance.now();
        await lockStripesShared(manager, [this.guildId]);
        this.waits.push(performance.now() - startedAt);
      });
    }
  }
}
