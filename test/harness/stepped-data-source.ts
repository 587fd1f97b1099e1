import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';

/** What became of a statement that was let go. */
export type StepOutcome = 'next' | 'waits for a lock' | 'done';

/** What others see is the same before and after these. */
const UNSEEN = /^(?:START TRANSACTION|SET |SAVEPOINT |ROLLBACK TO )/;
/** A statement that is not over after so many milliseconds may be waiting for a lock. */
const PATIENCE_MS = 5;

/**
 * Runs work on a data source, stopping before each of its statements. The statements of everything that uses the data
 * source meanwhile are stopped, so give it one of its own.
 */
export class SteppedRun {
  /** What stands before the gate. */
  private held?: { sql: string; letGo: () => void };
  private isDone = false;
  private failure?: unknown;
  private stopped: Promise<void>;
  private stop!: () => void;

  constructor(dataSource: DataSource, work: () => Promise<unknown>) {
    this.stopped = new Promise((resolve) => (this.stop = resolve));
    const createQueryRunner = dataSource.createQueryRunner.bind(dataSource);
    dataSource.createQueryRunner = (mode) => {
      const runner = createQueryRunner(mode);
      const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
      runner.query = (async (sql: string, ...rest: unknown[]) => {
        if (!UNSEEN.test(sql)) await this.hold(sql);
        return query(sql, ...rest);
      }) as typeof runner.query;
      return runner;
    };
    void work()
      .catch((error: unknown) => (this.failure = error))
      .finally(() => {
        dataSource.createQueryRunner = createQueryRunner;
        this.isDone = true;
        this.stop();
      });
  }

  /** The statement that comes next, once there is one; undefined when the work is done. @throws what the work threw */
  async next(): Promise<string | undefined> {
    await this.stopped;
    if (this.failure !== undefined) throw this.failure;
    return this.held?.sql;
  }

  /**
   * Lets the next statement go, and waits until it is over, or waits for a lock.
   *
   * @param isWaiting whether the database says so
   */
  async step(isWaiting: () => Promise<boolean>): Promise<StepOutcome> {
    if ((await this.next()) === undefined) return 'done';
    const { letGo } = this.held!;
    this.held = undefined;
    this.stopped = new Promise((resolve) => (this.stop = resolve));
    letGo();
    for (;;) {
      const isOver = await Promise.race([this.stopped.then(() => true), delay(PATIENCE_MS, false)]);
      if (isOver) return (await this.next()) === undefined ? 'done' : 'next';
      if ((await isWaiting()) && this.held === undefined && !this.isDone) return 'waits for a lock';
    }
  }

  /** Lets everything go. @throws what the work threw */
  async finish(): Promise<void> {
    while ((await this.step(async () => false)) !== 'done');
  }

  private hold(sql: string): Promise<void> {
    return new Promise((letGo) => {
      this.held = { sql, letGo };
      this.stop();
    });
  }
}
