import type { ChannelModel } from 'amqplib';
import { withProgress } from '#libs/progress';
import { DeadLetterWalk } from './dead-letter-walk.js';
import type { LetterFilter } from './letter-filter.js';
import { LetterSelection } from './letter-selection.js';

const WINDOW_SIZE = 500;

/** Counts the dead letters, and those that match a filter. Changes nothing. */
export async function countLetters(
  connection: ChannelModel,
  filter: LetterFilter,
): Promise<{ total: number; chosen: number }> {
  const walk = await DeadLetterWalk.open(connection, { windowSize: WINDOW_SIZE });
  const selection = new LetterSelection(walk, filter);
  await withProgress(walk, () => walk.run((letter) => void selection.choose(letter)));
  return { total: walk.total, chosen: selection.count };
}
