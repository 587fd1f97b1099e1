import 'reflect-metadata';
import { Command, InvalidArgumentError } from 'commander';
import { runMain } from '../run-main.js';
import { runDemo, type DemoOptions } from './demo.js';

const LONGEST_HISTORY_DAYS = 30;

const program = new Command('npm run demo --')
  .description('Runs the whole system, as npm start does, with a made-up guild: its history, then its new events.')
  .option('--days <number>', `days of history, 1 to ${LONGEST_HISTORY_DAYS}`, readDays, LONGEST_HISTORY_DAYS);
const options = program.parse().opts<DemoOptions>();

process.exit(await runMain((system) => runDemo(system, options)));

function readDays(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1 && days <= LONGEST_HISTORY_DAYS) return days;
  throw new InvalidArgumentError(`It must be a number from 1 to ${LONGEST_HISTORY_DAYS}.`);
}
