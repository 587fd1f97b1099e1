import type { ChannelModel } from 'amqplib';
import { isClosedPipe, print } from '../output.js';
import { printable } from '../printable.js';
import { DeadLetterWalk } from './dead-letter-walk.js';
import type { LetterFilter } from './letter-filter.js';
import { LetterSelection } from './letter-selection.js';
import type { DeadLetterFacts } from './read-dead-letter.js';

const WINDOW_SIZE = 500;

/** The columns of the table and their widths. A longer value shifts the rest of its line. */
const COLUMNS: readonly [title: string, width: number, cell: (letter: DeadLetterFacts) => string | number | null][] = [
  ['died at', 24, (letter) => letter.died_at],
  ['error', 22, (letter) => letter.error_name],
  ['kind', 20, (letter) => letter.kind],
  ['guild', 19, (letter) => letter.guild_id],
  ['attempts', 8, (letter) => letter.attempts],
  ['bytes', 7, (letter) => letter.bytes],
  ['message id', 36, (letter) => letter.message_id],
  ['error message', 0, (letter) => letter.error_message],
];

/** Prints the dead letters as a table, or as one line of JSON each. */
export async function listLetters(connection: ChannelModel, filter: LetterFilter, asJson: boolean): Promise<void> {
  const walk = await DeadLetterWalk.open(connection, { windowSize: WINDOW_SIZE });
  const selection = new LetterSelection(walk, filter);
  try {
    await walk.run(async (letter) => {
      const facts = selection.choose(letter);
      if (facts === undefined) return;
      if (asJson) await print(`${JSON.stringify(facts)}\n`);
      else await print(selection.count === 1 ? titleLine() + tableLine(facts) : tableLine(facts));
    });
  } catch (error) {
    // The reader has closed the pipe, as `head` does.
    if (!isClosedPipe(error)) throw error;
  }
  if (asJson || selection.count > 0) return;
  await print(walk.total === 0 ? 'There are no dead letters.\n' : `None of ${walk.total} dead letters matches.\n`);
}

function titleLine(): string {
  return lineOf(COLUMNS.map(([title]) => title));
}

function tableLine(letter: DeadLetterFacts): string {
  return lineOf(COLUMNS.map(([, , cell]) => printable(String(cell(letter) ?? '-'))));
}

function lineOf(cells: readonly string[]): string {
  return `${cells
    .map((cell, column) => cell.padEnd(COLUMNS[column]![1]))
    .join('  ')
    .trimEnd()}\n`;
}
