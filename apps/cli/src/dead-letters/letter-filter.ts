import { InvalidArgumentError, type Command } from 'commander';
import { fieldArgument } from '../arguments.js';
import type { DeadLetterFacts } from './read-dead-letter.js';

/** Selects dead letters that match all of the given conditions. */
export interface LetterFilter {
  error?: string;
  kind?: string;
  guild?: string;
  /** In milliseconds. */
  olderThan?: number;
  /** In milliseconds. */
  newerThan?: number;
  /** The maximum number, the oldest first. */
  limit?: number;
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export function addFilterOptions(command: Command): Command {
  return command
    .option('--error <name>', 'those with this error, as InvalidEventError')
    .option('--kind <kind>', 'those of this kind, as message.sent')
    .option('--guild <id>', 'those of this guild', fieldArgument('snowflake'))
    .option('--older-than <age>', 'those that died longer ago: 30s, 15m, 2h, 7d', readAge)
    .option('--newer-than <age>', 'those that died since', readAge)
    .option('--limit <n>', 'at most so many, the oldest first', readLimit);
}

/** Ignores the limit. An unknown property does not match. @param now Unix milliseconds */
export function matchesFilter(letter: DeadLetterFacts, filter: LetterFilter, now: number): boolean {
  const { error, kind, guild, olderThan, newerThan } = filter;
  if (error !== undefined && letter.error_name !== error) return false;
  if (kind !== undefined && letter.kind !== kind) return false;
  if (guild !== undefined && letter.guild_id !== guild) return false;
  const ageMs = letter.died_at === null ? NaN : now - Date.parse(letter.died_at);
  if (olderThan !== undefined && !(ageMs > olderThan)) return false;
  return newerThan === undefined || ageMs < newerThan;
}

function readAge(text: string): number {
  const [, digits, unit] = /^([0-9]{1,9})([smhd])$/.exec(text) ?? [];
  if (digits === undefined) throw new InvalidArgumentError('It must be a number with s, m, h or d, as in 2h.');
  return Number(digits) * UNIT_MS[unit!]!;
}

function readLimit(text: string): number {
  const limit = /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
  if (limit === 0) throw new InvalidArgumentError('It must be a number from 1 to 999999999.');
  return limit;
}
