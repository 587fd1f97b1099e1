import fc from 'fast-check';

/** `npm run fuzz` takes ten minutes, `FUZZ_SECONDS=3600 npm run fuzz` an hour. */
export const SECONDS = Number(process.env.FUZZ_SECONDS ?? 4);
/** `FUZZ_SEED=… npm run fuzz` begins with the round of that seed. */
export const FIRST_SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);

/** Shrinking ends after this time in milliseconds, and the smallest counterexample so far is reported. */
const LONGEST_TASK_MS = 60_000;

const SEED_STEP = 0x9e3779b1;

/** A property of one route or of one kind of message. */
export interface FuzzTask {
  what: string;
  property: fc.IAsyncProperty<unknown>;
  /** The number of inputs in each round. */
  runs: number;
  before?: () => Promise<void>;
}

export interface Rounds {
  /** Every task runs at least once. After that, no new task begins if this is true. */
  isOver: () => boolean;
  tasksAtOnce: number;
}

/**
 * Runs the tasks in rounds. Each round has its own seed, so that `FUZZ_SEED` can begin with the round that failed.
 *
 * @returns the number of rounds, including the last, unfinished one
 * @throws Error for the first property that does not hold, with its seed, path and smallest counterexample
 */
export async function fuzzInRounds(tasks: readonly FuzzTask[], { isOver, tasksAtOnce }: Rounds): Promise<number> {
  let failed = false;
  let next = 0;
  const work = async () => {
    while (!failed && (next < tasks.length || !isOver())) {
      const turn = next++;
      try {
        await fuzzOnce(tasks, turn);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: tasksAtOnce }, work));
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
  return Math.ceil(next / tasks.length);
}

async function fuzzOnce(tasks: readonly FuzzTask[], turn: number): Promise<void> {
  const place = turn % tasks.length;
  const { what, property, runs, before } = tasks[place]!;
  const roundSeed = FIRST_SEED + Math.floor(turn / tasks.length);
  // With a single seed, similar tasks would get the same inputs.
  const seed = (roundSeed + place * SEED_STEP) | 0;
  await before?.();
  const details = await fc.check(property, { seed, numRuns: runs, interruptAfterTimeLimit: LONGEST_TASK_MS });
  if (!details.failed) return;
  const report = (await fc.asyncDefaultReportMessage(details)) ?? '';
  throw new Error(`${what}, FUZZ_SEED=${roundSeed}: ${report}`, { cause: details.errorInstance });
}
