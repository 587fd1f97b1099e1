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

/** A command that takes dead letters out of their queue. */
interface Removal {
  verb: 'replay' | 'discard';
  /** As the last line says it. */
  done: 'replayed' | 'discarded';
  run(session: BrokerSession, options: RemovalOptions): Promise<Removed>;
}

const REPLAY: Removal = { verb: 'replay', done: 'replayed', run: replayLetters };
const DISCARD: Removal = {
  verb: 'discard',
  done: 'discarded',
  run: ({ connection }, options) => discardLetters(connection, options),
};

/** `dead-letters`: looks at events that could not be stored, publishes them again or discards them. */
export function addDeadLettersCommand(program: Command): void {
  const deadLetters = program
    .command('dead-letters')
    .description('events that could not be stored; needs RABBITMQ_URL and no database');

  addFilterOptions(deadLetters.command('list'))
    .description('list them, the oldest first; changes nothing')
    .option('--json', 'a line of JSON each')
    .action(list);

  addFilterOptions(deadLetters.command('show'))
    .description('show the headers and the body of one; changes nothing')
    .argument('<message-id>', 'as list shows it')
    .action((messageId: string, filter: LetterFilter) =>
      withBroker(({ connection }) => showLetter(connection, messageId, filter)),
    );

  addRemoval(deadLetters, REPLAY, 'publish them again; each is taken out when the broker has confirmed it');
  addRemoval(deadLetters, DISCARD, 'take them out for good');
}

function addRemoval(deadLetters: Command, removal: Removal, description: string): void {
  addFilterOptions(deadLetters.command(removal.verb))
    .description(description)
    .option('--dry-run', `say how many it would ${removal.verb}, and change nothing`)
    .option('--yes', 'do not ask; needed where there is no terminal')
    .action((options: RemovalArguments, command: Command) => remove(removal, options, command));
}

function list({ json = false, ...filter }: ListOptions): Promise<void> {
  return withBroker(({ connection }) => listLetters(connection, filter, json));
}

async function remove(removal: Removal, options: RemovalArguments, command: Command): Promise<void> {
  const { verb, done } = removal;
  const { dryRun = false, yes = false, ...filter } = options;
  if (!dryRun && !yes && !process.stdin.isTTY) {
    command.error(`error: nobody can be asked here: ${verb} needs --yes or --dry-run`, { exitCode: 2 });
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
