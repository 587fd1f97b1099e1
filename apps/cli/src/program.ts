import { Command } from 'commander';
import { addDeadLettersCommand } from './dead-letters/dead-letters.command.js';
import { addErasuresCommand } from './erasures/erasures.command.js';
import { addKeysCommand } from './keys/keys.command.js';

/** The commands that there are. `--help` works everywhere. */
export function createProgram(): Command {
  const program = new Command('npm run cli --')
    .description("Serverstats' tool for operators. It needs DATABASE_URL; dead-letters needs RABBITMQ_URL instead.")
    .exitOverride();
  addKeysCommand(program);
  addErasuresCommand(program);
  addDeadLettersCommand(program);
  return program;
}
