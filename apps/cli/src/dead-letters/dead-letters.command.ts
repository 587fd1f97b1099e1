import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { withBroker, type BrokerSession } from '../broker-session.js';
import { countLetters } from './count-letters.js';
import { discardLetters, type Removed, type RemovalOptions } from './discard-letters.js';
import { addFilterOptions, type LetterFilter } from './letter-filter.js';
import { listLetters } from './list-letters.js';
import { replayLetters } from './replay-letters.js';
import { showLetter } from './show-letter.js';

type ListOptions = LetterFilter & { json?: boolean };
type RemovalArguments = LetterFilter & { dryRun?: boolean; yes?: boolean };

/** A command that removes dead letters from their queue. */
interface Removal {
  verb: 'replay' | 'discard';
  /** The word of the last line. */
  done: 'replayed' | 'discarded';
  run(session: BrokerSession, options: RemovalOptions): Promise<Removed>;
}

const REPLAY: Removal = { verb: 'replay', done: 'replayed', run: replayLetters };
const DISCARD: Removal = {
  verb: 'discard',
  done: 'discarded',
  run: ({ connection }, options) => discardLetters(connection, options),
};

/** `dead-letters`: lists, shows, replays and discards events that could not be stored. */
export function addDeadLettersCommand(program: Command): void {
  const deadLetters = program
    .command('dead-letters')
    .description('list, show, replay or discard events that could not be stored. Requires only RABBITMQ_URL');

  addFilterOptions(deadLetters.command('list'))
    .description('list dead letters, the oldest first. Changes nothing')
    .option('--json', 'print one line of JSON for each')
    .action(list);

  addFilterOptions(deadLetters.command('show'))
    .description('show the headers and the body of a dead letter. Changes nothing')
    .argument('<message-id>', 'the id that list shows')
    .action((messageId: string, filter: LetterFilter) =>
      withBroker(({ connection }) => showLetter(connection, messageId, filter)),
    );

  addRemoval(deadLetters, REPLAY, 'publish dead letters again. Each is removed after the broker has confirmed it');
  addRemoval(deadLetters, DISCARD, 'delete dead letters');
}

function addRemoval(deadLetters: Command, removal: Removal, description: string): void {
  addFilterOptions(deadLetters.command(removal.verb))
    .description(description)
    .option('--dry-run', `print how many it would ${removal.verb}, and change nothing`)
    .option('--yes', 'do not ask for confirmation. Required without a terminal')
    .action((options: RemovalArguments, command: Command) => remove(removal, options, command));
}

function list({ json = false, ...filter }: ListOptions): Promise<void> {
  return withBroker(({ connection }) => listLetters(connection, filter, json));
}

async function remove(removal: Removal, options: RemovalArguments, command: Command): Promise<void> {
  const { verb, done } = removal;
  const { dryRun = false, yes = false, ...filter } = options;
  if (!dryRun && !yes && !process.stdin.isTTY) {
    command.error(`error: ${verb} requires --yes or --dry-run without a terminal`, { exitCode: 2 });
  }
  await withBroker(async (session) => {
    const counted = dryRun || !yes ? await countLetters(session.connection, filter) : undefined;
    if (dryRun) process.stdout.write(`would ${verb} ${counted!.chosen}\n`);
    const isWanted = !dryRun && (counted === undefined || (await ask(verb, counted)));
    const { removed, left, problem }: Removed = isWanted
      ? await removal.run(session, { filter, atMost: counted?.total })
      : { removed: 0, left: counted!.total };
    process.stdout.write(`${done} ${removed}, left ${left}\n`);
    if (problem !== undefined) throw problem;
  });
}

async function ask(verb: string, { total, chosen }: { total: number; chosen: number }): Promise<boolean> {
  if (chosen === 0) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${verb} ${chosen} of ${total} dead letters? [y/N] `);
  terminal.close();
  return /^y(?:es)?$/i.test(answer.trim());
}
