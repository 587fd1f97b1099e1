import 'reflect-metadata';
import { Command, InvalidArgumentError } from 'commander';
import { runMain } from '../run-main.js';
import { runDemo, type DemoOptions } from './demo.js';

const LONGEST_HISTORY_DAYS = 30;

const program = new Command('npm run demo --')
  .description('Runs the whole system, as npm start does, with a made-up guild: its history, then its new events.')
  .option('--days <number>', `days of history, at most ${LONGEST_HISTORY_DAYS}`, readDays, LONGEST_HISTORY_DAYS);
const options = program.parse().opts<DemoOptions>();

process.exit(
  await runMain({
    // Without a broker, each event is a request, which is a line of the log.
    defaults: { LOG_LEVEL: 'warn' },
    work: (system) => runDemo(system, options),
  }),
);

function readDays(text: string): number {
  const days = Number(text);
  if (days > 0 && days <= LONGEST_HISTORY_DAYS) return days;
  throw new InvalidArgumentError(`It must be more than 0 and at most ${LONGEST_HISTORY_DAYS}.`);
}
