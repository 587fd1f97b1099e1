import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { ConfigurationError } from '#libs/config';
import type { ErasureTarget } from './erasure-jobs.js';
import { WHOLE_GUILD } from './tombstones.js';

/** An erasure, as the log keeps it. */
export interface LoggedErasure extends ErasureTarget {
  /** What happened before this time is erased: that of the tombstone, ISO 8601 with an offset. */
  before: string;
}

/** The log of erasures could not be written, so that nothing was erased. */
export class ErasureLogError extends Error {
  override readonly name = 'ErasureLogError';

  constructor(cause: unknown) {
    super(`ERASURE_LOG cannot be written: ${(cause as Error).message}`);
  }
}

/** Ids say who has been erased: nobody but its owner reads it. */
const MODE = 0o600;

/**
 * A file to which erasures are appended, a line of JSON each: `{"erased_at", "guild_id", "user_id", "before"}`, without
 * `user_id` for a whole guild. Several processes may append to one file. It is opened anew for each erasure, so that it
 * may be moved away meanwhile.
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

  /** Resolves once they are on the disk. @throws ErasureLogError */
  async append(erasures: readonly LoggedErasure[]): Promise<void> {
    const lines = erasures.map(lineOf).join('');
    try {
      const file = await open(this.path, 'a+', MODE);
      try {
        // One write: what several processes append does not mix.
        const bytes = Buffer.from((await endsWithinLine(file)) ? `\n${lines}` : lines);
        const { bytesWritten } = await file.write(bytes);
        if (bytesWritten < bytes.byteLength) throw new Error('there is not enough space');
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
  /** From 1 on. */
  number: number;
  /** Undefined for a line that is none of the log's. */
  erasure?: LoggedErasure & { erasedAt: number };
}

/** The lines of a log, but for empty ones. @throws Error when the file cannot be read */
export async function* readErasureLog(path: string): AsyncGenerator<ErasureLogLine, void> {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    number++;
    if (line.trim() !== '') yield { number, erasure: parseLine(line) };
  }
}

/** Whether the last line was cut off, as when a disk is full. */
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
