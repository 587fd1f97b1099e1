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
  /** Of each member and guild the last one. */
  erasures: LoggedErasure[];
  /** The numbers of lines that cannot be read. */
  unreadable: number[];
}

const BETWEEN_REPORTS_MS = 2_000;

/** `erasures`: has a database that was restored forget again whom it had forgotten. */
export function addErasuresCommand(program: Command): void {
  const erasures = program.command('erasures').description('erasures of members and guilds');

  erasures
    .command('replay')
    .description('erase again what a log of erasures tells (ERASURE_LOG), after a restore; doing it again does no harm')
    .requiredOption('--since <time>', 'erasures from that time on: the time of the backup', fieldArgument('instant'))
    .requiredOption('--file <path>', 'the log')
    .option('--dry-run', 'say what would be erased again, and change nothing')
    .action(replay);
}

async function replay({ since, file, dryRun = false }: ReplayOptions): Promise<void> {
  const { erasures, unreadable } = await readLog(file, since);
  for (const line of unreadable) process.stderr.write(`Line ${line} is no line of a log of erasures.\n`);
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
    if (failed > 0) throw new Error('Not everything was erased; run the same again.');
  }
  if (unreadable.length > 0) throw new Error('Not every line could be read; what they tell was not erased.');
}

/** @throws Error when the file cannot be read */
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

/** One that fails keeps none of the others. */
function eraseAll(erasures: readonly LoggedErasure[]): Promise<{ replayed: number; kept: number; failed: number }> {
  return withDatabase(async (dataSource) => {
    const eraser = new Eraser(dataSource);
    const counts = { replayed: 0, kept: 0, failed: 0 };
    let reportedAt = performance.now();
    for (const [index, erasure] of erasures.entries()) {
      try {
        const isErased = await eraser.eraseAgain(erasure);
        if (!isErased) process.stderr.write(`Kept ${described(erasure)}: it was enabled again since.\n`);
        counts[isErased ? 'replayed' : 'kept']++;
      } catch (error) {
        counts.failed++;
        process.stderr.write(`Could not erase ${described(erasure)}: ${(error as Error).message}\n`);
      }
      if (performance.now() - reportedAt < BETWEEN_REPORTS_MS) continue;
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
