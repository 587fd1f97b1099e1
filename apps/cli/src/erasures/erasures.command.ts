import type { Command } from 'commander';
import { Eraser, readErasureLog, WHOLE_GUILD, type LoggedErasure } from '#libs/erasure';
import { fieldArgument } from '../arguments.js';
import { withDatabase } from '../database-session.js';

interface ReplayOptions {
  /** Unix milliseconds. */
  since: number;
  file: string;
  dryRun?: boolean;
}

interface LogContent {
  /** The last erasure of each member and guild. */
  erasures: LoggedErasure[];
  /** The numbers of invalid lines. */
  unreadable: number[];
}

const REPORT_INTERVAL_MS = 2_000;

/** `erasures`: repeats logged erasures in a database that was restored from a backup. */
export function addErasuresCommand(program: Command): void {
  const erasures = program.command('erasures').description('erasures of members and guilds');

  erasures
    .command('replay')
    .description('repeat the erasures in an erasure log (ERASURE_LOG) after a restore; can be run several times')
    .requiredOption(
      '--since <time>',
      'repeat erasures since this time: the time of the backup',
      fieldArgument('instant'),
    )
    .requiredOption('--file <path>', 'the erasure log')
    .option('--dry-run', 'print what would be erased, and change nothing')
    .action(replay);
}

async function replay({ since, file, dryRun = false }: ReplayOptions): Promise<void> {
  const { erasures, unreadable } = await readLog(file, since);
  for (const line of unreadable) process.stderr.write(`Line ${line} is not a valid line of an erasure log.\n`);
  if (dryRun) {
    process.stdout.write(erasures.map((erasure) => `would erase ${described(erasure)}\n`).join(''));
    process.stdout.write(`would replay ${erasures.length}, unreadable ${unreadable.length}\n`);
  } else {
    const { replayed, kept, failed } = await eraseAll(erasures);
    const counts = { replayed, kept, failed, unreadable: unreadable.length };
    process.stdout.write(
      `${Object.entries(counts)
        .map((count) => count.join(' '))
        .join(', ')}\n`,
    );
    if (failed > 0) throw new Error('Some erasures failed. Run the same command again.');
  }
  if (unreadable.length > 0) throw new Error('Some lines are invalid. Their erasures were not repeated.');
}

/** @throws Error if the file cannot be read */
async function readLog(file: string, since: number): Promise<LogContent> {
  const latest = new Map<string, LoggedErasure>();
  const unreadable: number[] = [];
  for await (const { number, erasure } of readErasureLog(file)) {
    if (erasure === undefined) unreadable.push(number);
    if (erasure === undefined || erasure.erasedAt < since) continue;
    const key = `${erasure.guildId}/${erasure.userId}`;
    const known = latest.get(key);
    if (known === undefined || Date.parse(known.before) < Date.parse(erasure.before)) latest.set(key, erasure);
  }
  return { erasures: [...latest.values()], unreadable };
}

/** Repeats the erasures. A failed one does not stop the others. */
function eraseAll(erasures: readonly LoggedErasure[]): Promise<{ replayed: number; kept: number; failed: number }> {
  return withDatabase(async (dataSource) => {
    const eraser = new Eraser(dataSource);
    const counts = { replayed: 0, kept: 0, failed: 0 };
    let reportedAt = performance.now();
    for (const [index, erasure] of erasures.entries()) {
      try {
        const isErased = await eraser.eraseAgain(erasure);
        if (!isErased) process.stderr.write(`Kept ${described(erasure)}: the guild was enabled again later.\n`);
        counts[isErased ? 'replayed' : 'kept']++;
      } catch (error) {
        counts.failed++;
        process.stderr.write(`Could not erase ${described(erasure)}: ${(error as Error).message}\n`);
      }
      if (performance.now() - reportedAt < REPORT_INTERVAL_MS) continue;
      reportedAt = performance.now();
      process.stderr.write(`${index + 1} of ${erasures.length}\n`);
    }
    return counts;
  });
}

function described({ guildId, userId, before }: LoggedErasure): string {
  const who = userId === WHOLE_GUILD ? `guild ${guildId}` : `member ${userId} of guild ${guildId}`;
  return `${who}, before ${before}`;
}
