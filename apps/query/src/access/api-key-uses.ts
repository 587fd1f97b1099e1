import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { describeError, Logger } from '#libs/observability';
import { writeApiKeyUses } from '#libs/api-keys';
import { GuildDatabase } from '../database/guild-database.js';
import { ApiError } from '../http/api-error.js';
import { Outages } from '../http/outages.js';

/** In milliseconds, from the first use that is not written yet. */
const WRITE_DELAY_MS = 5_000;

/** Tracks when API keys were last used and writes it to the database in batches, one statement for many requests. */
@Injectable()
export class ApiKeyUses implements OnApplicationShutdown {
  private uses = new Map<string, Date>();
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly database: GuildDatabase,
    private readonly logger: Logger,
    private readonly outages: Outages,
  ) {}

  note(keyId: string): void {
    this.uses.set(keyId, new Date());
    this.timer ??= setTimeout(() => void this.write(), WRITE_DELAY_MS).unref();
  }

  /** Writes the remaining uses. Nest calls it after the last request has finished. */
  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    await this.write();
  }

  /** A failed write is logged and its uses are dropped: the next use of a key writes a newer time anyway. */
  private async write(): Promise<void> {
    this.timer = undefined;
    const uses = this.uses;
    if (uses.size === 0) return;
    this.uses = new Map();
    try {
      await this.database.read((manager) => writeApiKeyUses(manager, uses));
    } catch (error) {
      if (error instanceof ApiError && this.outages.note(error)) return;
      this.logger.warn({ keys: uses.size, error: describeError(error) }, 'could not write the last use of API keys');
    }
  }
}
