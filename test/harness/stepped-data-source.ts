import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';

/** The outcome of a step: another statement is next, the statement waits for a lock, or the work is done. */
export type StepOutcome = 'next' | 'waits for a lock' | 'done';

/** Statements without effects that are visible to other sessions. There is no stop before them. */
const INVISIBLE = /^(?:START TRANSACTION|SET |SAVEPOINT |ROLLBACK TO )/;
/** A statement that takes longer may be waiting for a lock. */
const STEP_TIMEOUT_MS = 5;

/**
 * Runs work on a data source and stops before each statement. It stops all statements of the data source, so use a
 * separate one.
 */
export class SteppedRun {
  /** The statement that is stopped. */
  private held?: { sql: string; release: () => void };
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
        if (!INVISIBLE.test(sql)) await this.hold(sql);
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

  /** Waits for the next statement. @returns undefined if the work is done @throws the error of the work */
  async next(): Promise<string | undefined> {
    await this.stopped;
    if (this.failure !== undefined) throw this.failure;
    return this.held?.sql;
  }

  /**
   * Runs the next statement until it has finished or waits for a lock.
   *
   * @param isWaiting asks the database whether the statement waits for a lock
   */
  async step(isWaiting: () => Promise<boolean>): Promise<StepOutcome> {
    if ((await this.next()) === undefined) return 'done';
    const { release } = this.held!;
    this.held = undefined;
    this.stopped = new Promise((resolve) => (this.stop = resolve));
    release();
    for (;;) {
      const isOver = await Promise.race([this.stopped.then(() => true), delay(STEP_TIMEOUT_MS, false)]);
      if (isOver) return (await this.next()) === undefined ? 'done' : 'next';
      if ((await isWaiting()) && this.held === undefined && !this.isDone) return 'waits for a lock';
    }
  }

  /** Runs all remaining statements. @throws the error of the work */
  async finish(): Promise<void> {
    while ((await this.step(async () => false)) !== 'done');
  }

  private hold(sql: string): Promise<void> {
    return new Promise((release) => {
      this.held = { sql, release };
      this.stop();
    });
  }
}
