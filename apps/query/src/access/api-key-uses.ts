import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { describeError, Logger } from '#libs/observability';
import { writeApiKeyUses } from '#libs/api-keys';
import { GuildDatabase } from '../database/guild-database.js';
import { ApiError } from '../http/api-error.js';
import { Outages } from '../http/outages.js';

/** Uses are written together this long after the first of them, in milliseconds. */
const WRITTEN_AFTER_MS = 5_000;

/** Remembers when keys were last used, and writes it down now and then: one statement, however many requests came. */
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
    this.timer ??= setTimeout(() => void this.write(), WRITTEN_AFTER_MS).unref();
  }

  /** Writes what is not written yet; Nest calls it when the last request is over. */
  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    await this.write();
  }

  /** Nobody is kept from working because a use could not be written: it is told at the next one. */
  private async write(): Promise<void> {
    this.timer = undefined;
    const uses = this.uses;
    if (uses.size === 0) return;
    this.uses = new Map();
    try {
      await this.database.read((manager) => writeApiKeyUses(manager, uses));
    } catch (error) {
      if (error instanceof ApiError && this.outages.note(error)) return;
      this.logger.warn({ keys: uses.size, error: describeError(error) }, 'the last uses of API keys were not written');
    }
  }
}
