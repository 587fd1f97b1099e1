import { Command } from 'commander';
import { addErasuresCommand } from './erasures/erasures.command.js';
import { addKeysCommand } from './keys/keys.command.js';

/** The commands that there are. `--help` works everywhere. */
export function createProgram(): Command {
  const program = new Command('npm run cli --')
    .description("Serverstats' tool for operators. It needs DATABASE_URL, as the services do.")
    .exitOverride();
  addKeysCommand(program);
  addErasuresCommand(program);
  return program;
}
