import { Command } from 'commander';
import { addDeadLettersCommand } from './dead-letters/dead-letters.command.js';
import { addErasuresCommand } from './erasures/erasures.command.js';
import { addKeysCommand } from './keys/keys.command.js';

/** Creates the program with all its commands. */
export function createProgram(): Command {
  const program = new Command('npm run cli --')
    .description(
      'The Serverstats tool for operators. Requires DATABASE_URL; dead-letters requires RABBITMQ_URL instead.',
    )
    .exitOverride();
  addKeysCommand(program);
  addErasuresCommand(program);
  addDeadLettersCommand(program);
  return program;
}
