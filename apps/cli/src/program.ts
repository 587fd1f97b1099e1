import { Command } from 'commander';
import { addErasuresCommand } from './erasures/erasures.command.js';
import { addKeysCommand } from './keys/keys.command.js';

/** Creates the program with all its commands. */
export function createProgram(): Command {
  const program = new Command('npm run cli --')
    .description('The Serverstats tool for operators. Requires DATABASE_URL, as the services do.')
    .exitOverride();
  addKeysCommand(program);
  addErasuresCommand(program);
  return program;
}
