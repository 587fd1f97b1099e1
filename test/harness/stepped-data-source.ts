import type { DataSource } from 'typeorm';
import { waitFor } from './wait-for.js';

/** What became of a statement that was let go. */
export type StepOutcome = 'next' | 'waits for a lock' | 'done';

/** What others see is the same before and after these. */
const UNSEEN = /^(?:START TRANSACTION|SET )/;
/** A statement that is not over after so many looks may be waiting for a lock. */
const PATIENT_LOOKS = 4;

/**
 * Runs work on a data source, stopping before each of its statements. The statements of everything that uses the data
 * source meanwhile are stopped, so give it one of its own.
 */
export class SteppedRun {
  /** What stands before the gate. */
  private held?: { sql: string; letGo: () => void };
  private isDone = false;
  private failure?: unknown;
  private readonly work: Promise<void>;

  constructor(
    private readonly dataSource: DataSource,
    work: () => Promise<unknown>,
  ) {
    const createQueryRunner = dataSource.createQueryRunner.bind(dataSource);
    dataSource.createQueryRunner = (mode) => {
      const runner = createQueryRunner(mode);
      const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
      runner.query = (async (sql: string, ...rest: unknown[]) => {
        if (!UNSEEN.test(sql)) await new Promise<void>((letGo) => (this.held = { sql, letGo }));
        return query(sql, ...rest);
      }) as typeof runner.query;
      return runner;
    };
    this.work = work()
      .then(
        () => undefined,
        (error: unknown) => void (this.failure = error),
      )
      .finally(() => {
        this.isDone = true;
        dataSource.createQueryRunner = createQueryRunner;
      });
  }

  /** The statement that comes next, once there is one; undefined when the work is done. */
  async next(): Promise<string | undefined> {
    await waitFor(() => this.held !== undefined || this.isDone, { what: 'the next statement', intervalMs: 0 });
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
    letGo();
    let waits = false;
    let looks = 0;
    const isOver = () => this.held !== undefined || this.isDone;
    const hasStopped = async () => ++looks > PATIENT_LOOKS && (await isWaiting()) && !isOver();
    await waitFor(async () => isOver() || (waits = await hasStopped()), {
      what: 'the statement to be over, or to wait',
      intervalMs: 0,
    });
    if (waits) return 'waits for a lock';
    return (await this.next()) === undefined ? 'done' : 'next';
  }

  /** Lets everything go. */
  async finish(): Promise<void> {
    while ((await this.step(async () => false)) !== 'done');
    await this.work;
  }
}
