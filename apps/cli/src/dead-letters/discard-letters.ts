import type { ChannelModel } from 'amqplib';
import { withProgress } from '#libs/progress';
import { DeadLetterWalk } from './dead-letter-walk.js';
import type { LetterFilter } from './letter-filter.js';
import { LetterSelection } from './letter-selection.js';

export interface RemovalOptions {
  filter: LetterFilter;
  /** How many dead letters to read at most. @defaultValue all */
  atMost?: number;
}

/** How many of the dead letters at the start were removed. */
export interface Removed {
  removed: number;
  left: number;
  /** Why it ended early, or why some were not removed. */
  problem?: Error;
}

const WINDOW_SIZE = 500;

/** Deletes dead letters from the queue. */
export async function discardLetters(connection: ChannelModel, options: RemovalOptions): Promise<Removed> {
  const { atMost } = options;
  const walk = await DeadLetterWalk.open(connection, { windowSize: WINDOW_SIZE, atMost, mayTake: true });
  const selection = new LetterSelection(walk, options.filter);
  const discarding = withProgress(walk, () =>
    walk.run((letter) => {
      if (selection.choose(letter) !== undefined) walk.take(letter);
    }),
  );
  const problem = await discarding.then(
    () => undefined,
    (error: Error) => error,
  );
  return { removed: selection.count, left: walk.total - selection.count, problem };
}
