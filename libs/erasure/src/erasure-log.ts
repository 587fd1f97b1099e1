import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { ConfigurationError } from '#libs/config';
import type { ErasureTarget } from './erasure-jobs.js';
import { WHOLE_GUILD } from './tombstones.js';

/** An entry of the erasure log. */
export interface LoggedErasure extends ErasureTarget {
  /** The time of the tombstone, ISO 8601 with an offset. Events from before are erased. */
  before: string;
}

/** The erasure log could not be written, so nothing was erased. */
export class ErasureLogError extends Error {
  override readonly name = 'ErasureLogError';

  constructor(cause: unknown) {
    super(`ERASURE_LOG cannot be written: ${(cause as Error).message}`);
  }
}

/** The log contains ids of erased members, so only its owner can read it. */
const MODE = 0o600;

/**
 * An append-only file with one JSON line for each erasure: `{"erased_at", "guild_id", "user_id", "before"}`, without
 * `user_id` for a whole guild. Several processes may append to the same file. It is opened for each write, so it can be
 * rotated.
 */
export class ErasureLog {
  private constructor(private readonly path: string) {}

  /** @throws ConfigurationError when the file cannot be appended to */
  static async open(path: string): Promise<ErasureLog> {
    try {
      const file = await open(path, 'a', MODE);
      await file.close();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const expected = `the path of a file that can be appended to (${code})`;
      throw new ConfigurationError([{ variable: 'ERASURE_LOG', shownValue: JSON.stringify(path), expected }]);
    }
    return new ErasureLog(path);
  }

  /** Resolves when the lines are on disk. @throws ErasureLogError */
  async append(erasures: readonly LoggedErasure[]): Promise<void> {
    const lines = erasures.map(lineOf).join('');
    try {
      const file = await open(this.path, 'a+', MODE);
      try {
        // One write, so that lines of several processes do not mix.
        const bytes = Buffer.from((await endsWithinLine(file)) ? `\n${lines}` : lines);
        const { bytesWritten } = await file.write(bytes);
        if (bytesWritten < bytes.byteLength) throw new Error('not enough disk space');
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      throw new ErasureLogError(error);
    }
  }
}

export interface ErasureLogLine {
  /** Starts at 1. */
  number: number;
  /** Undefined if the line is not valid. */
  erasure?: LoggedErasure & { erasedAt: number };
}

/** The lines of a log, except empty ones. @throws Error when the file cannot be read */
export async function* readErasureLog(path: string): AsyncGenerator<ErasureLogLine, void> {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    number++;
    if (line.trim() !== '') yield { number, erasure: parseLine(line) };
  }
}

/** Whether the last line is incomplete, for example because the disk was full. */
async function endsWithinLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() !== '\n';
}

function lineOf({ guildId, userId, before }: LoggedErasure): string {
  const ofUser = userId === WHOLE_GUILD ? {} : { user_id: userId };
  const line = { erased_at: new Date().toISOString(), guild_id: guildId, ...ofUser, before };
  return `${JSON.stringify(line)}\n`;
}

function parseLine(line: string): ErasureLogLine['erasure'] {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { erased_at, guild_id, user_id = WHOLE_GUILD, before } = (value ?? {}) as Record<string, unknown>;
  const erasedAt = isTime(erased_at) ? Date.parse(erased_at) : undefined;
  if (erasedAt === undefined || !isId(guild_id) || !isId(user_id) || !isTime(before)) return undefined;
  return { erasedAt, guildId: guild_id, userId: user_id, before };
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9]{1,19}$/.test(value);
}
